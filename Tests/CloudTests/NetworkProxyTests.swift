import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// Security groups, floating IPs and networks by Compute's own routes.
@Suite(.timeLimit(.minutes(3)))
struct NetworkProxyTests {
    private static let base = "/compute/v2.1"

    private func group(_ name: String, _ fixture: CloudFixture) async throws -> String {
        let made = try await fixture.request(
            .post, "\(Self.base)/os-security-groups",
            json: #"{"security_group": {"name": "\#(name)", "description": "d"}}"#)
        #expect(made.status == 200 && made.count("security_group.rules") == 0, "\(made)")
        return made.text("security_group.id")
    }

    private func rule(_ fields: String, in group: String, _ fixture: CloudFixture) async throws -> Answer {
        try await fixture.request(
            .post, "\(Self.base)/os-security-group-rules",
            json: #"{"security_group_rule": {"parent_group_id": "\#(group)", \#(fields)}}"#)
    }

    @Test func securityGroupsAreNetworks() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "\(Self.base)/os-security-groups"
            let id = try await group("web", fixture)
            let list = try await fixture.request(.get, path)
            #expect(list.count("security_groups") == 2 && list.text("security_groups.0.name") == "default")
            #expect(list.text("security_groups.1.id") == id)
            #expect(list.text("security_groups.0.rules.0.group.name") == "default", "\(list)")
            #expect(try await fixture.request(.get, "\(path)?limit=1").count("security_groups") == 1)
            let changed = try await fixture.request(
                .put, "\(path)/\(id)", json: #"{"security_group": {"name": "www", "description": "e"}}"#)
            #expect(changed.text("security_group.name") == "www" && changed.status == 200)
            let neutron = try await fixture.request(.get, "/network/v2.0/security-groups/\(id)")
            #expect(neutron.text("security_group.description") == "e")
            #expect(try await fixture.request(.delete, "\(path)/\(id)").status == 202)
            #expect(try await fixture.request(.get, "\(path)/\(id)").status == 404)
            let late = try await fixture.request(.get, path, version: "2.36")
            #expect(late.status == 404)
        }
    }

    @Test func onlyAdministratorsSeeAllGroups() async throws {
        try await CloudFixture.run { fixture async throws in
            _ = try await group("web", fixture)
            let path = "\(Self.base)/os-security-groups"
            func count(_ query: String, as role: People.Role) async throws -> Int {
                try await fixture.request(.get, path + query, as: role).count("security_groups")
            }
            #expect(try await count("?all_tenants=1", as: .stranger) == 1)
            let own = try await count("", as: .admin)
            #expect(try await count("?all_tenants=1", as: .admin) > own)
        }
    }

    @Test func whatNovaRefusesOfGroupsIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "\(Self.base)/os-security-groups"
            let id = try await group("web", fixture)
            let list = try await fixture.request(.get, path)
            let usual = list.text("security_groups.0.id")
            for (method, tail, body, status) in [
                (.get, "/nope", nil, 400), (.delete, "/nope", nil, 400), (.delete, "/\(usual)", nil, 400),
                (.post, "", #"{"security_group": {"name": "x"}}"#, 400),
                (.post, "", #"{"security_group": {"name": "default", "description": ""}}"#, 403),
                (.put, "/\(usual)", #"{"security_group": {"name": "x", "description": ""}}"#, 400),
                (.put, "/\(UUIDText.random())", #"{"security_group": {"name": "x", "description": ""}}"#, 404),
            ] as [(HTTPRequest.Method, String, String?, Int)] {
                let refused = try await fixture.request(method, path + tail, json: body)
                #expect(refused.status == status, "\(method) \(tail): \(refused)")
            }
            for method in [HTTPRequest.Method.get, .delete] {
                #expect(try await fixture.request(method, "\(path)/\(id)", as: .stranger).status == 404)
            }
        }
    }

    @Test func rulesLetIn() async throws {
        try await CloudFixture.run { fixture async throws in
            let web = try await group("web", fixture)
            let other = try await group("other", fixture)
            let plain = try await rule(
                #""ip_protocol": "TCP", "from_port": "22", "to_port": 23, "cidr": "10.0.0.0%2F8""#, in: web, fixture)
            #expect(plain.text("security_group_rule.ip_protocol") == "tcp", "\(plain)")
            #expect(plain.text("security_group_rule.ip_range.cidr") == "10.0.0.0/8")
            #expect(plain.at("security_group_rule.from_port") == .integer(22))
            #expect(plain.text("security_group_rule.parent_group_id") == web)
            let sourced = try await rule(
                #""ip_protocol": "udp", "group_id": "\#(other)", "cidr": "ignored""#, in: web, fixture)
            #expect(sourced.text("security_group_rule.group.name") == "other", "\(sourced)")
            #expect(sourced.at("security_group_rule.to_port") == .integer(65_535))
            let echo = try await rule(#""ip_protocol": "icmp", "from_port": -1, "to_port": -1"#, in: web, fixture)
            #expect(echo.text("security_group_rule.ip_range.cidr") == "0.0.0.0/0", "\(echo)")
            #expect(echo.at("security_group_rule.from_port") == .integer(-1))
            let six = try await rule(
                #""ip_protocol": "tcp", "from_port": 80, "to_port": 80, "cidr": "2001:db8::/32""#, in: web, fixture)
            #expect(six.status == 200, "\(six)")
            let whole = try await rule(#""group_id": "\#(other)""#, in: web, fixture)
            #expect(whole.at("security_group_rule.ip_protocol") == .null, "\(whole)")
            let path = "\(Self.base)/os-security-group-rules"
            #expect(
                try await fixture.request(.delete, "\(path)/\(six.text("security_group_rule.id"))").status == 202)
            let shown = try await fixture.request(.get, "\(Self.base)/os-security-groups/\(web)")
            #expect(shown.count("security_group.rules") == 4, "\(shown)")
        }
    }

    @Test func rulesAreCheckedAsNovaChecksThem() async throws {
        try await CloudFixture.run { fixture async throws in
            let web = try await group("web", fixture)
            let good = #""ip_protocol": "tcp", "from_port": 22, "to_port": 22"#
            #expect(try await rule(good, in: web, fixture).status == 200)
            for (fields, says) in [
                (good, "This rule already exists in group \(web)"),
                (#""ip_protocol": "tcp""#, "Not enough parameters to build a valid rule."),
                (#""ip_protocol": "bad", "from_port": 1, "to_port": 1"#, "Invalid IP protocol bad."),
                (
                    #""ip_protocol": "tcp", "from_port": "a", "to_port": 1"#,
                    "Invalid input received: To and From ports must be integers"
                ),
                (
                    #""ip_protocol": "tcp", "from_port": 9, "to_port": 1"#,
                    "Invalid port range 9:1. Former value cannot be greater than the later"
                ),
                (
                    #""ip_protocol": "udp", "from_port": 0, "to_port": 1"#,
                    "Invalid port range 0:1. Valid UDP ports should be between 1-65535"
                ),
                (
                    #""ip_protocol": "icmp", "from_port": 0, "to_port": 256"#,
                    "Invalid port range 0:256. For ICMP, the type:code must be valid"
                ),
                (good + #", "cidr": "10.0.0.1/0""#, "Bad prefix for network in cidr 10.0.0.1/0"),
                (good + #", "cidr": "10.0.0.1""#, "10.0.0.1 is not a valid IP network."),
            ] {
                let refused = try await rule(fields, in: web, fixture)
                #expect(refused.status == 400 && refused.text("badRequest.message") == says, "\(refused)")
            }
        }
    }

    @Test func rulesAreOfGroupsThatAreSeen() async throws {
        try await CloudFixture.run { fixture async throws in
            let web = try await group("web", fixture)
            let good = #""ip_protocol": "tcp", "from_port": 22, "to_port": 22"#
            let unknown = UUIDText.random()
            #expect(try await rule(#""group_id": "\#(unknown)""#, in: web, fixture).status == 404)
            #expect(try await rule(good, in: unknown, fixture).status == 404)
            let path = "\(Self.base)/os-security-group-rules"
            #expect(try await fixture.request(.delete, "\(path)/nope").status == 400)
            #expect(try await fixture.request(.delete, "\(path)/\(UUIDText.random())").status == 404)
            let foreign = try await fixture.request(
                .post, path, as: .stranger, json: #"{"security_group_rule": {"parent_group_id": "\#(web)", \#(good)}}"#)
            #expect(foreign.status == 404, "\(foreign)")
        }
    }

    @Test func networksAreShownWithTheLittleNovaKnows() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.made("network", #""name": "own""#)
            for (path, cidr) in [("os-networks", JSONValue.null), ("os-tenant-networks", .string("None"))] {
                let shown = try await fixture.request(.get, "\(Self.base)/\(path)/\(network)")
                #expect(shown.text("network.label") == "own" && shown.at("network.cidr") == cidr, "\(shown)")
                let list = try await fixture.request(.get, "\(Self.base)/\(path)")
                #expect((0..<list.count("networks")).contains { list.text("networks.\($0).id") == network })
                let foreign = try await fixture.request(.get, "\(Self.base)/\(path)/\(network)", as: .stranger)
                #expect(foreign.status == 404 && foreign.text("itemNotFound.message") == "Network not found")
            }
            let path = "\(Self.base)/os-networks/\(network)"
            #expect(try await fixture.request(.get, path).at("network.bridge") == nil)
            #expect(try await fixture.request(.get, path, as: .admin).at("network.bridge") == .null)
        }
    }

    private func act(
        _ verb: String, _ fields: String, on id: ServerID, _ fixture: CloudFixture, version: String = "2.43",
        as role: People.Role = .member
    ) async throws -> Answer {
        try await fixture.request(
            .post, "\(Self.base)/servers/\(id)/action", as: role, version: version,
            json: #"{"\#(verb)": {\#(fields)}}"#)
    }

    @Test func floatingIPsComeFromPoolsAndGo() async throws {
        try await CloudFixture.run { fixture async throws in
            let path = "\(Self.base)/os-floating-ips"
            let pools = try await fixture.request(.get, "\(Self.base)/os-floating-ip-pools")
            #expect(pools.count("floating_ip_pools") == 1 && pools.text("floating_ip_pools.0.name") == "public")
            for body in [#"{"pool": "public"}"#, #"{"pool": null}"#, "null"] {
                let made = try await fixture.request(.post, path, json: body)
                #expect(made.status == 200 && made.text("floating_ip.pool") == "public", "\(made)")
                #expect(made.at("floating_ip.instance_id") == .null && made.at("floating_ip.fixed_ip") == .null)
            }
            let none = try await fixture.request(.post, path, json: #"{"pool": "nope"}"#)
            #expect(none.status == 404 && none.text("itemNotFound.message") == "Floating IP pool not found.")
            let list = try await fixture.request(.get, path)
            #expect(list.count("floating_ips") == 3)
            let id = list.text("floating_ips.0.id")
            #expect(try await fixture.request(.get, "\(path)/\(id)").text("floating_ip.id") == id)
            for method in [HTTPRequest.Method.get, .delete] {
                let foreign = try await fixture.request(method, "\(path)/\(id)", as: .stranger)
                #expect(foreign.text("itemNotFound.message") == "Floating IP not found for ID \(id)")
            }
            #expect(try await fixture.request(.get, path, as: .stranger).count("floating_ips") == 0)
            #expect(try await fixture.request(.delete, "\(path)/\(id)").status == 202)
            #expect(try await fixture.request(.get, "\(path)/\(id)").status == 404)
        }
    }

    @Test func aServerTakesAFloatingIPAndLosesIt() async throws {
        try await CloudFixture.run { fixture async throws in
            let server = try await fixture.boot()
            let made = try await fixture.request(
                .post, "\(Self.base)/os-floating-ips", json: #"{"pool": "public"}"#)
            let (id, address) = (made.text("floating_ip.id"), made.text("floating_ip.ip"))
            let field = #""address": "\#(address)""#
            let taken = try await act("addFloatingIp", field, on: server, fixture)
            #expect(taken.status == 202, "\(taken)")
            let shown = try await fixture.request(.get, "\(Self.base)/os-floating-ips/\(id)")
            #expect(shown.text("floating_ip.instance_id") == server.text, "\(shown)")
            #expect(try await fixture.server(server).addresses.contains(address))
            let elsewhere = try await act("removeFloatingIp", field, on: try await fixture.boot("b"), fixture)
            #expect(elsewhere.status == 409, "\(elsewhere)")
            #expect(try await act("removeFloatingIp", field, on: server, fixture, as: .stranger).status == 404)
            #expect(try await act("removeFloatingIp", field, on: server, fixture).status == 202)
            #expect(try await fixture.server(server).addresses.contains(address) == false)
            #expect(try await act("removeFloatingIp", field, on: server, fixture).status == 409)
        }
    }

    @Test func aServersPortTakesAnAddressMore() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.made("network", #""name": "own""#)
            _ = try await fixture.made(
                "subnet", #""network_id": "\#(network)", "ip_version": 4, "cidr": "10.9.0.0/29""#)
            let made = try #require(
                try await fixture.create { $0.nics = [RequestedNIC(networkID: NetworkID(network))] }.first)
            let id = made.id
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            func addresses() async throws -> [String] {
                let port = try await fixture.cloud.compute.attachments(of: id, by: fixture.people.member).first?.port
                return try port?.fixedIPs.value().map(\.ipAddress) ?? []
            }
            let first = try await addresses()
            let more = try await act("addFixedIp", #""networkId": "\#(network)""#, on: id, fixture)
            #expect(more.status == 202, "\(more)")
            let both = try await addresses()
            #expect(both.count == 2 && both.first == first.first)
            let second = try #require(both.last)
            #expect(try await fixture.server(id).addresses.contains(second))
            let less = try await act("removeFixedIp", #""address": "\#(second)""#, on: id, fixture)
            #expect(less.status == 202, "\(less)")
            #expect(try await addresses() == first)
            #expect(try await fixture.server(id).addresses.contains(second) == false)
            for (verb, fields, status) in [
                ("removeFixedIp", #""address": "\#(second)""#, 400), ("removeFixedIp", #""address": "x""#, 400),
                ("addFixedIp", #""networkId": "\#(UUIDText.random())""#, 404), ("addFixedIp", "", 400),
            ] {
                let refused = try await act(verb, fields, on: id, fixture)
                #expect(refused.status == status, "\(verb) \(fields): \(refused)")
            }
            let foreign = try await act("addFixedIp", #""networkId": "\#(network)""#, on: id, fixture, as: .stranger)
            #expect(foreign.status == 404, "\(foreign)")
        }
    }

    @Test func whatNovaRefusesOfFloatingIPsIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let server = try await fixture.boot()
            let made = try await fixture.request(.post, "\(Self.base)/os-floating-ips", json: "null")
            let field = #""address": "\#(made.text("floating_ip.ip"))""#
            for (verb, fields, status) in [
                ("addFloatingIp", #""address": "203.0.113.9""#, 404), ("addFloatingIp", #""address": "x""#, 400),
                ("addFloatingIp", field + #", "fixed_address": "10.99.0.9""#, 400), ("addFloatingIp", "", 400),
                ("addFloatingIp", field + #", "pool": "x""#, 400), ("removeFloatingIp", #""address": null"#, 400),
                ("removeFloatingIp", #""address": "203.0.113.9""#, 404),
            ] {
                let refused = try await act(verb, fields, on: server, fixture)
                #expect(refused.status == status, "\(verb) \(fields): \(refused)")
            }
            let late = try await act("addFloatingIp", field, on: server, fixture, version: "2.44")
            #expect(late.status == 404, "\(late)")
            let foreign = try await act("addFloatingIp", field, on: server, fixture, as: .stranger)
            #expect(foreign.status == 404, "\(foreign)")
            let bare = try #require(try await fixture.create { $0.nics = [] }.first)
            try await fixture.server(bare.id) { $0.settled == .active && $0.operation == nil }
            let none = try await act("addFloatingIp", field, on: bare.id, fixture)
            #expect(none.text("badRequest.message") == "No fixed IPs associated to instance", "\(none)")
        }
    }
}
