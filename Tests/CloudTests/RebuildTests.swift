import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Hypervisor
import Image
import Model
import Store
import TestSupport
import Testing
import Wire

/// Servers that become other machines on their hosts: rebuilt, rescued, and brought back.
@Suite(.timeLimit(.minutes(3)))
struct RebuildTests {
    /// Ids of the disks of the guest, in its order.
    private func disks(_ fixture: CloudFixture, _ id: ServerID) -> [String] {
        fixture.hosts.compactMap { $0.driver.spec(of: id) }.first?.disks.map(\.id) ?? []
    }

    private func boot(_ fixture: CloudFixture) async throws -> ServerID {
        _ = try await fixture.cloud.compute.create(
            Flavor(
                id: FlavorID("full"), name: "full", vcpus: 1, memory: 256, disk: 1, ephemeral: 1, swap: 16,
                extraSpecs: try JSONText([:]), createdAt: Timestamp(microseconds: 0)))
        let made = try await fixture.create { $0.flavorID = FlavorID("full") }
        let id = try #require(made.first?.id)
        try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
        return id
    }

    @Test func aRebuildMakesItsDisksAnew() async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(fixture)
            #expect(disks(fixture, id) == ["root", "ephemeral0", "swap"])
            let before = try await fixture.server(id)
            let answer = try await fixture.act(
                id,
                #"{"rebuild": {"imageRef": "\#(fixture.image)", "name": "anew", "metadata": {"a": "b"}, "#
                    + #""description": "d", "user_data": "YQ==", "adminPass": "new"}}"#)
            #expect(answer.status == 202 && answer.at("server.adminPass") == .string("new"))
            #expect(answer.at("server.user_data") == .string("YQ=="))
            #expect(answer.at("server.status") == .string("REBUILD"))
            let own = #"{"rebuild": {"imageRef": "\#(fixture.image)"}}"#
            try await fixture.server(id) { $0.operation == nil }
            let admins = try await fixture.act(id, own, as: .admin)
            #expect(admins.at("server.OS-EXT-SRV-ATTR:host") != nil)
            #expect(admins.at("server.OS-EXT-SRV-ATTR:user_data") == nil)
            let after = try await fixture.server(id) { $0.operation == nil }
            #expect(after.settled == .active && after.name == "anew" && after.description == "d")
            #expect(try after.metadata.value() == ["a": "b"])
            #expect(disks(fixture, id) == ["root-2", "ephemeral0-2", "swap-2"])
            #expect(after.addresses == before.addresses && after.hostID == before.hostID)
            let request = try await fixture.cloud.database.read { try $0.find(ServerRequest.self, key: .id(id)) }
            #expect(request?.userData == "YQ==")
        }
    }

    @Test func theEphemeralDiskMayStay() async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(fixture)
            let body = #"{"rebuild": {"imageRef": "\#(fixture.image)", "preserve_ephemeral": true}}"#
            #expect(try await fixture.act(id, body).status == 202)
            try await fixture.server(id) { $0.operation == nil }
            #expect(disks(fixture, id) == ["root-1", "ephemeral0", "swap-1"])
        }
    }

    @Test(arguments: [
        ("2.53", #""key_name": null"#, 400), ("2.54", #""key_name": null"#, 202), ("2.54", #""key_name": "no"#, 400),
        ("2.56", #""user_data": null"#, 400), ("2.57", #""user_data": null"#, 202),
        ("2.57", #""user_data": "&"#, 400), ("2.89", #""hostname": "h"#, 400), ("2.90", #""hostname": "h"#, 202),
        ("2.18", #""description": null"#, 400), ("2.19", #""description": null"#, 202), ("2.1", #""more": 1"#, 400),
        ("2.100", #""imageRef": "x"#, 400), ("2.104", #""pinned_availability_zone": null"#, 400),
        ("2.1", #""adminPass": null"#, 400), ("2.56", #""personality": []"#, 202), ("2.57", #""personality": []"#, 400),
    ])
    func whatItTakesDependsOnTheVersion(_ version: String, _ member: String, _ status: Int) async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let member = member.filter { $0 == "\"" }.count % 2 == 0 ? member : member + "\""
            let image = member.contains("imageRef") ? "" : #""imageRef": "\#(fixture.image)", "#
            let answer = try await fixture.act(id, "{\"rebuild\": {\(image)\(member)}}", version: version)
            #expect(answer.status == status, "\(answer)")
        }
    }

    @Test func onlyWhatCanBootIsTaken() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let body = #"{"rebuild": {"imageRef": "\#(ImageID.random())"}}"#
            #expect(try await fixture.act(id, body).status == 400)
            let own = #"{"rebuild": {"imageRef": "\#(fixture.image)"}}"#
            #expect(try await fixture.act(id, own, as: .reader).status == 403)
            #expect(try await fixture.act(id, own, as: .stranger).status == 404)
            #expect(try await fixture.act(id, #"{"pause": null}"#).status == 202)
            try await fixture.server(id) { $0.settled == .paused }
            let refused = try await fixture.act(id, own)
            #expect(refused.status == 409 && "\(refused)".contains("vm_state paused"))
        }
    }

    /// One that failed is in ERROR, says why, and may be rebuilt.
    @Test func aRebuildThatFailsCanBeTriedAgain() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            for host in fixture.hosts { host.driver.fail(.define) }
            let body = #"{"rebuild": {"imageRef": "\#(fixture.image)"}}"#
            #expect(try await fixture.act(id, body).status == 202)
            let failed = try await fixture.server(id) { $0.operation == nil }
            #expect(failed.settled == .error && failed.fault?.raw.contains("The simulated host refused.") == true)
            #expect(try await fixture.act(id, body).status == 202)
            let made = try await fixture.server(id) { $0.operation == nil }
            #expect(made.settled == .active && made.fault == nil)
            #expect(disks(fixture, id) == ["root-2"])
        }
    }

    @Test func aRescueBootsFromAnotherDiskAndGoesBack() async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(fixture)
            let answer = try await fixture.act(id, #"{"rescue": {"adminPass": "p"}}"#)
            #expect(answer.status == 200 && answer.at("adminPass") == .string("p"))
            let rescued = try await fixture.server(id) { $0.operation == nil }
            #expect(rescued.settled == .rescued)
            #expect(disks(fixture, id) == ["rescue-1", "root"])
            #expect(try await fixture.act(id, #"{"rescue": null}"#).status == 409)
            #expect(try await fixture.act(id, #"{"unrescue": null}"#).status == 202)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            #expect(disks(fixture, id) == ["root", "ephemeral0", "swap"])
        }
    }

    /// Nova's stable device rescue: no disk of the server moves.
    @Test func aRescueImageThatNamesItsBusLeavesTheDisksWhereTheyAre() async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(fixture)
            _ = try await fixture.cloud.image.update(fixture.image, by: fixture.people.admin) {
                $0.properties = try JSONText(["hw_rescue_device": "disk", "hw_rescue_bus": "scsi"])
            }
            let body = #"{"rescue": {"rescue_image_ref": "\#(fixture.image)"}}"#
            #expect(try await fixture.act(id, body).status == 200)
            try await fixture.server(id) { $0.settled == .rescued }
            let spec = fixture.hosts.compactMap { $0.driver.spec(of: id) }.first
            #expect(spec?.disks.map(\.id) == ["root", "ephemeral0", "swap", "rescue-1"])
            #expect(spec?.disks.map(\.bootIndex) == [1, nil, nil, 0] && spec?.disks.last?.bus == "scsi")
        }
    }

    @Test(arguments: [
        #"{"rescue": {"more": 1}}"#, #"{"rescue": {"rescue_image_ref": "x"}}"#, #"{"rescue": {"adminPass": 1}}"#,
        #"{"rescue": []}"#,
    ])
    func aRescueThatIsWrongIsRefused(_ body: String) async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            #expect(try await fixture.act(id, body).status == 400)
        }
    }
}
