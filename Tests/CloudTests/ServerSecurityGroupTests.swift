import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Security groups of servers, by Compute's routes.
@Suite(.timeLimit(.minutes(3)))
struct ServerSecurityGroupTests {
    private func group(_ name: String, _ fixture: CloudFixture) async throws -> String {
        let made = try await fixture.request(
            .post, "/network/v2.0/security-groups", json: #"{"security_group": {"name": "\#(name)"}}"#)
        #expect(made.status == 201, "\(made)")
        return made.text("security_group.id")
    }

    private func act(
        _ verb: String, _ name: String, on id: ServerID, _ fixture: CloudFixture, as role: People.Role = .member
    ) async throws -> Int {
        try await fixture.request(
            .post, "/compute/v2.1/servers/\(id)/action", as: role, json: #"{"\#(verb)": {"name": "\#(name)"}}"#
        ).status
    }

    private func names(of id: ServerID, _ fixture: CloudFixture) async throws -> [String] {
        let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)/os-security-groups")
        return (0..<shown.count("security_groups")).map { shown.text("security_groups.\($0).name") }
    }

    @Test func groupsComeAndGo() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let web = try await group("web", fixture)
            #expect(try await act("addSecurityGroup", "web", on: id, fixture) == 202)
            #expect(try await act("addSecurityGroup", web, on: id, fixture) == 202)
            #expect(try await names(of: id, fixture) == ["default", "web"])
            #expect(try await fixture.server(id).securityGroups == #"[{"name":"default"},{"name":"web"}]"#)
            #expect(try await act("removeSecurityGroup", web, on: id, fixture) == 202)
            #expect(try await names(of: id, fixture) == ["default"])
        }
    }

    @Test func whatCannotBeIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            _ = try await group("web", fixture)
            #expect(try await act("removeSecurityGroup", "web", on: id, fixture) == 404)
            #expect(try await act("addSecurityGroup", "nothing", on: id, fixture) == 404)
            #expect(try await act("removeSecurityGroup", "nothing", on: id, fixture) == 404)
            let twin = try await group("web", fixture)
            for verb in ["addSecurityGroup", "removeSecurityGroup"] {
                #expect(try await act(verb, "web", on: id, fixture) == 409)
            }
            #expect(try await act("addSecurityGroup", twin, on: id, fixture) == 202)
            #expect(try await act("addSecurityGroup", "web", on: id, fixture, as: .stranger) == 404)
        }
    }

    @Test func aServerWithoutPortsHasNoGroups() async throws {
        try await CloudFixture.run { fixture async throws in
            let made = try #require(try await fixture.create { $0.nics = [] }.first)
            try await fixture.server(made.id) { $0.settled == .active && $0.operation == nil }
            _ = try await group("web", fixture)
            for verb in ["addSecurityGroup", "removeSecurityGroup"] {
                #expect(try await act(verb, "web", on: made.id, fixture) == 404)
            }
        }
    }

    @Test func rulesAreShownInNovasForm() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let web = try await group("web", fixture)
            for rule in [
                #""protocol": "tcp", "port_range_min": 22, "port_range_max": 23, "remote_ip_prefix": "10.0.0.0/8""#,
                #""protocol": "udp""#, #""protocol": "icmp", "remote_group_id": "\#(web)""#, #""ethertype": "IPv6""#,
            ] {
                let made = try await fixture.request(
                    .post, "/network/v2.0/security-group-rules",
                    json:
                        #"{"security_group_rule": {"security_group_id": "\#(web)", "direction": "ingress", \#(rule)}}"#)
                #expect(made.status == 201, "\(made)")
            }
            #expect(try await act("addSecurityGroup", "web", on: id, fixture) == 202)
            let shown = try await fixture.request(.get, "/compute/v2.1/servers/\(id)/os-security-groups")
            let rules = "security_groups.1.rules"
            #expect(shown.text("security_groups.1.id") == web && shown.count(rules) == 4, "\(shown)")
            var seen: [String: String] = [:]
            for at in 0..<shown.count(rules) {
                let rule = "\(rules).\(at)"
                #expect(shown.text("\(rule).parent_group_id") == web)
                let ports = [shown.at("\(rule).from_port"), shown.at("\(rule).to_port")].map { $0?.brief ?? "" }
                let source = shown.text("\(rule).ip_range.cidr") + shown.text("\(rule).group.name")
                seen[shown.at("\(rule).ip_protocol")?.brief ?? ""] = "\(ports[0]) \(ports[1]) \(source)"
            }
            #expect(
                seen == [
                    "'tcp'": "22 23 10.0.0.0/8", "'udp'": "1 65535 0.0.0.0/0", "'icmp'": "-1 -1 web",
                    "None": "None None ::/0",
                ])
        }
    }
}
