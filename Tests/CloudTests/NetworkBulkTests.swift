import HTTPTypes
import Model
import TestSupport
import Testing

/// Lists of new resources, and rules that name groups.
@Suite(.timeLimit(.minutes(3)))
struct NetworkBulkTests {
    private static func count(_ fixture: CloudFixture, _ plural: String, _ query: String) async throws -> Int {
        let path = plural.split(separator: "_").joined(separator: "-")
        return try await fixture.network(.get, "\(path)?\(query)").count(plural)
    }

    @Test func aListIsMadeWhollyOrNotAtAll() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([#""ip_version": 4, "cidr": "10.1.0.0/24""#])
            let group = try await fixture.made("security_group", #""name": "g""#)
            let port = #""network_id": "\#(network)", "name": "bulk""#
            let subnet = #""network_id": "\#(network)", "name": "bulk", "ip_version": 4"#
            let rule = #""security_group_id": "\#(group)", "direction": "ingress""#
            let lists = [
                ("ports", "name=bulk", "{\(port)}", #"{\#(port), "fixed_ips": [{"ip_address": "10.8.0.1"}]}"#),
                (
                    "subnets", "name=bulk", #"{\#(subnet), "cidr": "10.2.0.0/24"}"#,
                    #"{\#(subnet), "cidr": "10.2.0.0/25"}"#
                ), ("networks", "name=bulk", #"{"name": "bulk"}"#, #"{"name": "bulk", "shared": true}"#),
                (
                    "security_group_rules", "security_group_id=\(group)&direction=ingress", "{\(rule)}",
                    #"{\#(rule), "remote_group_id": "\#(UUIDText.random())"}"#
                ),
            ]
            for (plural, query, good, bad) in lists {
                let path = plural.split(separator: "_").joined(separator: "-")
                let half = try await fixture.network(.post, path, #"{"\#(plural)": [\#(good), \#(bad)]}"#)
                #expect((400..<500).contains(half.status), "\(half)")
                #expect(try await Self.count(fixture, plural, query) == 0, "\(plural)")
                let whole = try await fixture.network(.post, path, #"{"\#(plural)": [\#(good)]}"#)
                #expect(whole.status == 201 && whole.count(plural) == 1, "\(whole)")
            }
        }
    }

    @Test func aRuleIsNoWiderThanItWasAskedFor() async throws {
        try await CloudFixture.run { fixture async throws in
            let group = try await fixture.made("security_group", #""name": "g""#)
            func rule(_ fields: String) async throws -> Answer {
                let body = #"{"security_group_rule": {"security_group_id": "\#(group)", \#(fields)}}"#
                return try await fixture.network(.post, "security-group-rules", body)
            }
            let named = try await rule(#""direction": "ingress", "remote_address_group_id": "\#(UUIDText.random())""#)
            #expect(named.status == 400, "\(named)")
            #expect(try await rule(#""direction": "ingress", "remote_address_group_id": null"#).status == 201)
            for (prefix, kept) in [
                ("10.1.2.3/8", "10.1.2.3/8"), ("10.1.2.3", "10.1.2.3/32"),
            ] {
                let made = try await rule(#""direction": "egress", "remote_ip_prefix": "\#(prefix)""#)
                #expect(made.text("security_group_rule.remote_ip_prefix") == kept, "\(made)")
            }
            // No prefix, or one of every address, is the same rule.
            for twin in ["10.1.2.3/32", "0.0.0.0/0", ""] {
                let made = try await rule(#""direction": "egress", "remote_ip_prefix": "\#(twin)""#)
                #expect(made.status == 409 && made.text("NeutronError.type") == "SecurityGroupRuleExists", "\(made)")
            }
            let v6 = #""direction": "egress", "ethertype": "IPv6", "remote_ip_prefix": "2001:DB8:0::1/64""#
            let made = try await rule(v6)
            #expect(made.text("security_group_rule.remote_ip_prefix") == "2001:db8::1/64", "\(made)")
            #expect(made.text("security_group_rule.normalized_cidr") == "2001:db8::/64", "\(made)")
            #expect(try await rule(#""direction": "egress", "remote_ip_prefix": "10.0.0.0/-0""#).status == 400)
        }
    }

    @Test func rulesThatGoWithAGroupGiveTheirQuotaBack() async throws {
        try await CloudFixture.run { fixture async throws in
            let friends = try await fixture.made("security_group", #""name": "friends""#)
            let group = try await fixture.made("security_group", #""name": "g""#)
            for family in ["IPv4", "IPv6"] {
                _ = try await fixture.made(
                    "security_group_rule",
                    #""security_group_id": "\#(group)", "direction": "ingress", "ethertype": "\#(family)", "#
                        + #""remote_group_id": "\#(friends)""#)
            }
            #expect(try await fixture.network(.delete, "security-groups/\(friends)").status == 204)
            let rules = try await fixture.network(.get, "security-group-rules")
            #expect(try await fixture.used("security_group_rule") == rules.count("security_group_rules"))
            #expect(rules.count("security_group_rules") == 6)
        }
    }

    @Test func onlyWhatIsOfferedIsAnnounced() async throws {
        try await CloudFixture.run { fixture async throws in
            for alias in ["qos", "trunk", "address-group", "dvr", "subnet_onboard", "l3_agent_scheduler"] {
                #expect(try await fixture.network(.get, "extensions/\(alias)").status == 404, "\(alias)")
            }
            for alias in [
                "router", "subnet_allocation", "default-subnetpools", "address-scope", "agent", "subnetpool-prefix-ops",
            ] {
                #expect(try await fixture.network(.get, "extensions/\(alias)").status == 200, "\(alias)")
            }
        }
    }
}
