import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Changing a server, and what the answer shows at which version.
@Suite(.timeLimit(.minutes(3)))
struct ServerUpdateTests {
    private func put(
        _ json: String, on id: ServerID, _ fixture: CloudFixture, as role: People.Role = .member,
        version: String = "2.1"
    ) async throws -> Answer {
        try await fixture.request(
            .put, "/compute/v2.1/servers/\(id)", as: role, version: version, json: #"{"server": \#(json)}"#)
    }

    @Test func theAnswerIsShortUpTo274() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let short = try await put(#"{"name": "one"}"#, on: id, fixture, version: "2.74")
            #expect(short.text("server.name") == "one" && short.status == 200)
            let absent = [
                "OS-EXT-AZ:availability_zone", "OS-EXT-STS:vm_state", "OS-SRV-USG:launched_at", "config_drive",
                "key_name", "os-extended-volumes:volumes_attached", "security_groups",
            ]
            for name in absent { #expect(short.at("server.\(name)") == nil, "\(name)") }
            #expect(short.at("server.addresses.default.0.OS-EXT-IPS:type") == nil)
            #expect(short.at("server.locked") == .bool(false))
            let full = try await put(#"{"name": "two"}"#, on: id, fixture, version: "2.75")
            for name in absent { #expect(full.at("server.\(name)") != nil, "\(name)") }
            #expect(full.text("server.addresses.default.0.OS-EXT-IPS:type") == "fixed")
        }
    }

    @Test func accessAddressesAreKeptInOneForm() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let long = #"{"accessIPv6": "0000:0000:0000:0000:0000:babe:220.12.22.2", "accessIPv4": "192.0.2.7"}"#
            let set = try await put(long, on: id, fixture)
            #expect(set.text("server.accessIPv6") == "::babe:dc0c:1602")
            #expect(set.text("server.accessIPv4") == "192.0.2.7")
            for text in ["", "::1"] {
                #expect(try await put(#"{"accessIPv4": "\#(text)"}"#, on: id, fixture).status == 400)
            }
            #expect(try await put(#"{"name": "  "}"#, on: id, fixture).status == 400)
        }
    }

    @Test(arguments: [
        ("web-1", "2.90", 200), ("web.example.org", "2.90", 400), ("web.example.org", "2.94", 200),
        ("-web", "2.94", 400), ("a\\nb", "2.94", 400), ("web;rm", "2.94", 400), ("", "2.94", 400), ("web", "2.89", 400),
    ])
    func hostnamesAreChecked(name: String, version: String, status: Int) async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let answer = try await put(#"{"hostname": "\#(name)"}"#, on: id, fixture, version: version)
            #expect(answer.status == status, "\(answer)")
        }
    }

    @Test func aServerIsPinnedToItsOwnZoneOrToNone() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            func pin(_ zone: String, version: String = "2.104") async throws -> Answer {
                try await put(#"{"pinned_availability_zone": \#(zone)}"#, on: id, fixture, version: version)
            }
            #expect(try await pin("\"nova\"", version: "2.103").status == 400)
            #expect(try await pin("\"nova\"").text("server.pinned_availability_zone") == "nova")
            #expect(try await pin("\"elsewhere\"").status == 409)
            #expect(try await pin("null").at("server.pinned_availability_zone") == .null)
        }
    }

    @Test func administratorsSeeUserDataAndTheHostsState() async throws {
        try await CloudFixture.run { fixture async throws in
            let made = try await fixture.create { $0.userData = "aGVsbG8=" }
            let id = try #require(made.first?.id)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            for path in ["servers/\(id)", "servers/detail?all_tenants=1"] {
                let shown = try await fixture.request(
                    .get, "/compute/v2.1/\(path)", as: .admin, version: "2.16")
                let server = path.hasPrefix("servers/detail") ? "servers.0" : "server"
                #expect(shown.text("\(server).OS-EXT-SRV-ATTR:user_data") == "aGVsbG8=")
                #expect(shown.text("\(server).host_status") == "UP")
            }
        }
    }

    /// The same host looks different to each project.
    @Test func aHostsDigestTellsNothingAcrossProjects() async throws {
        try await CloudFixture.run { fixture async throws in
            var digests: [String] = []
            for role in [People.Role.member, .member, .admin] {
                let id = try await fixture.boot(as: role)
                let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)", as: role)
                digests.append(shown.text("server.hostId"))
            }
            #expect(digests[0] == digests[1] && digests[0] != digests[2])
            #expect(digests.allSatisfy { $0.count == 56 })
        }
    }

    @Test func nothingIsLostBetweenTwoWhoChangeOneRow() async throws {
        try await CloudFixture.run { fixture async throws in
            let made = try await fixture.request(
                .post, "/network/v2.0/networks", json: #"{"network": {"name": "n"}}"#)
            let id = made.text("network.id")
            for round in 0..<20 {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for change in [
                        #""name": "n\#(round)""#, #""description": "d\#(round)""#, #""mtu": \#(1280 + round)"#,
                    ] {
                        group.addTask {
                            try await fixture.request(
                                .put, "/network/v2.0/networks/\(id)", json: #"{"network": {\#(change)}}"#
                            ).status
                        }
                    }
                    for try await status in group { #expect(status == 200) }
                }
                let shown = try await fixture.request(.get, "/network/v2.0/networks/\(id)")
                #expect(shown.text("network.name") == "n\(round)")
                #expect(shown.text("network.description") == "d\(round)")
                #expect(shown.at("network.mtu") == .integer(1280 + round))
            }
        }
    }
}
