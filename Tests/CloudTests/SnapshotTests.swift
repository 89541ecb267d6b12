import Cloud
import Compute
import HTTPTypes
import Hypervisor
import Image
import Model
import TestSupport
import Testing
import Wire

/// Images that are made of servers, as clients ask for them and find them.
@Suite(.timeLimit(.minutes(3)))
struct SnapshotTests {
    /// Boots a server whose image says this of itself.
    private func boot(
        _ fixture: CloudFixture, saying properties: [String: String] = ["hw_qemu_guest_agent": "yes"]
    ) async throws -> ServerID {
        _ = try await fixture.cloud.image.update(fixture.image, by: fixture.people.admin) {
            $0.properties = try JSONText(properties)
        }
        return try await fixture.boot()
    }

    /// The image that was asked for, when the server rests again.
    private func made(_ answer: Answer, of id: ServerID, _ fixture: CloudFixture) async throws -> Answer {
        try await fixture.server(id) { $0.operation == nil }
        let image = (answer.at("image_id") ?? .null).jsonText.replacing("\"", with: "")
        return try await fixture.request(.get, "/image/v2/images/\(image)")
    }

    @Test func aSnapshotIsAnImageOfItsServer() async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(
                fixture, saying: ["hw_qemu_guest_agent": "yes", "os_distro": "tiny", "img_signature": "x"])
            let answer = try await fixture.act(
                id, #"{"createImage": {"name": "snap", "metadata": {"colour": "green"}}}"#)
            #expect(answer.status == 202)
            let image = try await made(answer, of: id, fixture)
            for (key, value) in [
                ("name", "snap"), ("status", "active"), ("visibility", "private"), ("disk_format", "qcow2"),
                ("container_format", "bare"), ("colour", "green"), ("os_distro", "tiny"), ("image_type", "snapshot"),
                ("instance_uuid", id.text), ("base_image_ref", fixture.image.text), ("image_state", "available"),
                ("image_location", "snapshot"), ("novella_snapshot_consistency", "filesystem"),
                ("novella_snapshot_disks", "root"),
            ] {
                #expect(image.at(key) == .string(value), "\(key): \(image)")
            }
            #expect(image.at("min_disk")?.jsonText == "1" && image.at("img_signature") == nil)
            #expect(image.at("novella_snapshot_frozen_ms") != nil)
        }
    }

    /// The image boots, and has the disk's size for its least.
    @Test func aSnapshotBootsAsANewServer() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let image = try await fixture.cloud.compute.snapshot(
                id, SnapshotRequest(name: "snap"), by: fixture.people.member)
            try await fixture.server(id) { $0.operation == nil }
            let made = try await fixture.create("next") { $0.imageID = image }
            let next = try #require(made.first)
            _ = try await fixture.server(next.id) { $0.settled == .active && $0.operation == nil }
        }
    }

    @Test(arguments: [("2.44", false), ("2.45", true)])
    func whereTheImageIsSaidDependsOnTheVersion(_ version: String, _ inBody: Bool) async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let answer = try await fixture.act(id, #"{"createImage": {"name": "s"}}"#, version: version)
            #expect(answer.status == 202 && (answer.at("image_id") != nil) == inBody)
            #expect((answer.headers[.location]?.contains("/image/v2/images/") == true) == !inBody)
        }
    }

    @Test func whatIsWrongIsRefused() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            for body in [
                "{}", #"{"name": ""}"#, #"{"name": " a"}"#, #"{"name": "a", "more": 1}"#, #"{"name": 1}"#, "null",
                #"{"name": "a", "metadata": {"k": 1}}"#, #"{"name": "a", "metadata": []}"#,
                #"{"name": "a", "metadata": {"novella_snapshot_consistency": "perfect"}}"#,
            ] {
                #expect(try await fixture.act(id, #"{"createImage": \#(body)}"#).status == 400, "\(body)")
            }
            for body in [
                #"{"name": "a"}"#, #"{"name": "a", "backup_type": "daily"}"#,
                #"{"name": "a", "backup_type": "daily", "rotation": -1}"#,
                #"{"name": "a", "backup_type": 1, "rotation": 1}"#,
                #"{"name": "a", "backup_type": "d", "rotation": 1, "more": 1}"#,
            ] {
                #expect(try await fixture.act(id, #"{"createBackup": \#(body)}"#).status == 400, "\(body)")
            }
            #expect(try await fixture.act(id, #"{"createImage": {"name": "a"}}"#, as: .reader).status == 403)
            #expect(try await fixture.act(id, #"{"createImage": {"name": "a"}}"#, as: .stranger).status == 404)
            #expect(try await fixture.server(id).operation == nil)
        }
    }

    /// What cannot come true is refused before anything is made.
    @Test(arguments: ["os_require_quiesce", "asked"])
    func aLevelThatIsOutOfReachIsRefused(_ how: String) async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(fixture, saying: how == "asked" ? [:] : ["os_require_quiesce": "yes"])
            let wish = how == "asked" ? #", "metadata": {"novella_snapshot_consistency": "filesystem"}"# : ""
            let answer = try await fixture.act(id, #"{"createImage": {"name": "a"\#(wish)}}"#)
            #expect(answer.status == 409, "\(answer)")
            #expect(try await fixture.cloud.image.images(named: "a", of: fixture.people.demo).isEmpty)
        }
    }

    @Test func whatFailsLeavesNoImage() async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(fixture, saying: ["hw_qemu_guest_agent": "yes", "os_require_quiesce": "yes"])
            for host in fixture.hosts { host.driver.fail(.freeze) }
            #expect(try await fixture.act(id, #"{"createImage": {"name": "a"}}"#).status == 202)
            let server = try await fixture.server(id) { $0.operation == nil }
            #expect(server.settled == .active && server.progress == nil)
            #expect(try await fixture.cloud.image.images(named: "a", of: fixture.people.demo).isEmpty)
            let workflow = try #require(try await fixture.workflows(of: id).first)
            #expect(workflow.failure?.contains("The simulated host refused.") == true)
        }
    }

    @Test func aLockDoesNotKeepIt() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            #expect(try await fixture.act(id, #"{"lock": null}"#).status == 202)
            #expect(try await fixture.act(id, #"{"createImage": {"name": "a"}}"#).status == 202)
        }
    }

    /// Nothing else begins meanwhile, but for what ends it; then no image is left.
    @Test func aDeleteEndsIt() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            for host in fixture.hosts { host.driver.setLatency(.seconds(3600), of: .awaitCopy) }
            let answer = try await fixture.act(id, #"{"createImage": {"name": "a"}}"#)
            #expect(answer.status == 202)
            try await fixture.server(id) { $0.phase == 1 }
            let busy = try await fixture.act(id, #"{"pause": null}"#)
            #expect(busy.status == 409 && "\(busy)".contains("task_state image_snapshot"))
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            let image = (answer.at("image_id") ?? .null).jsonText.replacing("\"", with: "")
            #expect(try await fixture.request(.get, "/image/v2/images/\(image)").status == 404)
            try await fixture.server(id) { $0.settled == .deleted }
        }
    }

    @Test func backupsTakeTurns() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            func backUp(_ name: String, _ kind: String, _ rotation: String) async throws {
                let backup = #"{"name": "\#(name)", "backup_type": "\#(kind)", "rotation": \#(rotation)}"#
                #expect(try await fixture.act(id, #"{"createBackup": \#(backup)}"#).status == 202)
                try await fixture.server(id) { $0.operation == nil }
            }
            try await backUp("d1", "daily", "2")
            try await backUp("w1", "weekly", #""1""#)
            try await backUp("d2", "daily", "2")
            try await backUp("d3", "daily", "2")
            func names() async throws -> Set<String> {
                var found: Set<String> = []
                for name in ["w1", "d1", "d2", "d3", "d4"] {
                    let images = try await fixture.cloud.image.images(named: name, of: fixture.people.demo)
                    if !images.isEmpty { found.insert(name) }
                }
                return found
            }
            #expect(try await names() == ["w1", "d2", "d3"])
            try await backUp("d4", "daily", "0")
            #expect(try await names() == ["w1"])
        }
    }

    /// Whose server it is finds the image among its own, which an administrator has made of it.
    @Test func anAdministratorsSnapshotIsShared() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let answer = try await fixture.act(id, #"{"createImage": {"name": "a"}}"#, as: .admin)
            let image = try await made(answer, of: id, fixture)
            #expect(image.at("visibility") == .string("shared"))
            #expect(image.at("instance_owner") == .string(fixture.people.demo.text))
        }
    }
}
