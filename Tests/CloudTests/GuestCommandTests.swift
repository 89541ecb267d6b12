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

/// What is done to guests once, and what is counted of them.
@Suite(.timeLimit(.minutes(3)))
struct GuestCommandTests {
    private func boot(_ fixture: CloudFixture, saying properties: [String: String]) async throws -> ServerID {
        _ = try await fixture.cloud.image.update(fixture.image, by: fixture.people.admin) {
            $0.properties = try JSONText(properties)
        }
        return try await fixture.boot()
    }

    @Test(arguments: [
        (["hw_qemu_guest_agent": "yes"], "root"),
        (["hw_qemu_guest_agent": "yes", "os_type": "windows"], "Administrator"),
        (["hw_qemu_guest_agent": "yes", "os_type": "windows", "os_admin_user": "ada"], "ada"),
    ])
    func theAdministratorGetsAnotherPassword(_ properties: [String: String], _ user: String) async throws {
        try await CloudFixture.run { fixture in
            let id = try await boot(fixture, saying: properties)
            let body = #"{"changePassword": {"adminPass": "a new one"}}"#
            #expect(try await fixture.act(id, body).status == 202)
            #expect(fixture.host.driver.password(of: user, in: id) == "a new one")
            let server = try await fixture.server(id)
            #expect(server.settled == .active && server.operation == nil)
            try await expectNowhere("a new one", fixture)
        }
    }

    /// No table holds what was told in confidence.
    private func expectNowhere(_ secret: String, _ fixture: CloudFixture) async throws {
        let rows = try await fixture.cloud.database.read { db in
            try db.texts("SELECT input || outputs FROM workflows")
                + db.texts("SELECT arguments || COALESCE(result, '') || COALESCE(failure, '') FROM host_commands")
                + db.texts("SELECT COALESCE(admin_password, '') FROM server_requests")
        }
        #expect(rows.count > 2 && !rows.contains { $0.contains(secret) })
    }

    @Test func whatKeepsAPasswordFromBeingSetIsSaid() async throws {
        try await CloudFixture.run { fixture in
            let deaf = try await fixture.boot("deaf")
            let body = #"{"changePassword": {"adminPass": "secret word"}}"#
            let refused = try await fixture.act(deaf, body)
            #expect(refused.status == 409 && "\(refused)".contains("hw_qemu_guest_agent"), "\(refused)")
            let id = try await boot(fixture, saying: ["hw_qemu_guest_agent": "yes"])
            fixture.host.driver.fail(
                .setPassword, with: HostFailure(message: "The agent is busy.", detail: "injected"))
            let failed = try await fixture.act(id, body)
            #expect(failed.status == 409 && "\(failed)".contains("The agent is busy."), "\(failed)")
            let server = try await fixture.server(id)
            #expect(server.settled == .active && server.operation == nil && server.fault == nil)
            try await expectNowhere("secret word", fixture)
            for (wrong, role, status) in [
                ("{}", People.Role.member, 400), (#"{"adminPass": 1}"#, .member, 400), ("null", .member, 400),
                (#"{"adminPass": "x", "more": 1}"#, .member, 400), (#"{"adminPass": "x"}"#, .reader, 403),
                (#"{"adminPass": "x"}"#, .stranger, 404),
            ] {
                let answer = try await fixture.act(id, #"{"changePassword": \#(wrong)}"#, as: role)
                #expect(answer.status == status, "\(wrong): \(answer)")
            }
            try await fixture.cloud.compute.begin(.stop, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            #expect(try await fixture.act(id, body).status == 409)
        }
    }

    @Test func aGuestIsInterrupted() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let body = #"{"trigger_crash_dump": null}"#
            #expect(try await fixture.act(id, body, version: "2.16").status == 404)
            #expect(try await fixture.act(id, #"{"trigger_crash_dump": {}}"#).status == 400)
            #expect(try await fixture.act(id, body, as: .reader).status == 403)
            #expect(try await fixture.act(id, body, as: .stranger).status == 404)
            #expect(try await fixture.act(id, body, version: "2.17").status == 202)
            try await eventually("the guest is interrupted") { fixture.host.driver.interruptCount(of: id) == 1 }
            try await fixture.cloud.compute.begin(.stop, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            #expect(try await fixture.act(id, body).status == 409)
        }
    }

    @Test func whatIsCountedOfAGuestHasTwoShapes() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let path = "/compute/v2.1/servers/\(id)/diagnostics"
            let free = try await fixture.request(.get, path, as: .admin, version: "2.47")
            #expect(free.at("memory")?.jsonText == "262144" && free.at("cpu0_time")?.jsonText == "0", "\(free)")
            let shaped = try await fixture.request(.get, path, as: .admin, version: "2.48")
            for (key, text) in [
                ("state", "\"running\""), ("driver", "\"libvirt\""), ("num_cpus", "1"), ("num_nics", "1"),
                ("num_disks", "1"), ("memory_details.maximum", "256"), ("nic_details.0.rx_rate", "null"),
                ("config_drive", "false"),
            ] {
                #expect(shaped.at(key)?.jsonText == text, "\(key): \(shaped)")
            }
            #expect(try await fixture.request(.get, path).status == 403)
            try await fixture.cloud.compute.begin(.stop, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            #expect(try await fixture.request(.get, path, as: .admin).status == 409)
        }
    }

    @Test func aGuestHasNoNUMANodes() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let path = "/compute/v2.1/servers/\(id)/topology"
            let shown = try await fixture.request(.get, path, version: "2.78")
            #expect(shown.at("nodes")?.jsonText == "[]" && shown.at("pagesize_kb") == .null)
            #expect(try await fixture.request(.get, path, version: "2.77").status == 404)
            #expect(try await fixture.request(.get, path, as: .stranger, version: "2.78").status == 404)
        }
    }
}
