import Attributes
import Cloud
import HTTPTypes
import HostProtocol
import Inspection
import Model
import Networking
import Store
import TestSupport
import Testing
import Wire

/// Subnets take their prefixes from pools, and pools of one address scope have no address twice.
@Suite(.timeLimit(.minutes(3)))
struct SubnetPoolTests {
    private struct Network: Sendable {
        let fixture: CloudFixture

        func ask(
            _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil, as role: People.Role = .member
        ) async throws -> Answer {
            try await fixture.request(method, "/network/v2.0/\(path)", as: role, json: json)
        }

        func make(
            _ path: String, _ noun: String, _ fields: String, as role: People.Role = .member
        ) async throws -> String {
            let made = try await ask(.post, path, #"{"\#(noun)": {\#(fields)}}"#, as: role)
            #expect(made.status == 201, "\(path) \(fields): \(made)")
            return made.text("\(noun).id")
        }

        func pool(_ fields: String, as role: People.Role = .member) async throws -> String {
            try await make("subnetpools", "subnetpool", #""name": "p", \#(fields)"#, as: role)
        }

        func network() async throws -> String { try await make("networks", "network", "") }

        /// A subnet on a network of its own.
        func subnet(_ fields: String, as role: People.Role = .member) async throws -> Answer {
            let network = try await make("networks", "network", "", as: role)
            return try await subnet(on: network, fields, as: role)
        }

        func subnet(on network: String, _ fields: String, as role: People.Role = .member) async throws -> Answer {
            let version = fields.contains("ip_version") ? "" : #""ip_version": 4, "#
            let body = #"{"subnet": {"network_id": "\#(network)", \#(version)\#(fields)}}"#
            return try await ask(.post, "subnets", body, as: role)
        }
    }

    private func run(_ body: @Sendable (Network) async throws -> Void) async throws {
        try await CloudFixture.run { fixture in
            try await body(Network(fixture: fixture))
            #expect(try await StoreAudit.differences(in: fixture.cloud.database) == [])
        }
    }

    private func expect(_ answer: Answer, _ status: Int, _ type: String) {
        #expect(answer.status == status && answer.text("NeutronError.type") == type, "\(type): \(answer)")
    }

    @Test func poolsAreCompleted() async throws {
        try await run { network in
            let id = try await network.pool(#""prefixes": ["10.0.1.0/24", "10.0.0.0/24"]"#)
            let shown = try await network.ask(.get, "subnetpools/\(id)")
            #expect(shown.at("subnetpool.prefixes") == .array(["10.0.0.0/23"]), "\(shown)")
            for (name, value) in [("min", "8"), ("max", "32"), ("default", "8")] {
                #expect(shown.text("subnetpool.\(name)_prefixlen") == value)
            }
            #expect(shown.at("subnetpool.ip_version") == 4 && shown.at("subnetpool.default_quota") == .null)
            let wide = try await network.pool(#""prefixes": ["2001:db8::/32"], "default_prefixlen": 80"#)
            let six = try await network.ask(.get, "subnetpools/\(wide)")
            #expect(six.text("subnetpool.min_prefixlen") == "64" && six.text("subnetpool.default_prefixlen") == "80")
            let more = try await network.ask(
                .put, "subnetpools/\(id)", #"{"subnetpool": {"prefixes": ["10.0.0.0/22"]}}"#)
            #expect(more.at("subnetpool.prefixes") == .array(["10.0.0.0/22"]), "\(more)")
            let quotas = try await network.ask(.get, "quotas/\(network.fixture.people.demo)/details.json")
            #expect(quotas.at("quota.subnetpool.used") == 2, "\(quotas)")
        }
    }

    @Test func impossiblePoolsAreRefused() async throws {
        try await run { network in
            let one = #""prefixes": ["10.0.0.0/8"]"#
            for (fields, type) in [
                (#""prefixes": []"#, "EmptySubnetPoolPrefixList"),
                (#""prefixes": ["10.0.0.0/8", "2001:db8::/32"]"#, "PrefixVersionMismatch"),
                (#""prefixes": ["10.0.0.1/8"]"#, "HTTPBadRequest"), (#""prefixes": ["10.0.0.0"]"#, "HTTPBadRequest"),
                (#""prefixes": "10.0.0.0/8""#, "HTTPBadRequest"), (#"\#(one), "default_quota": -1"#, "HTTPBadRequest"),
                (#"\#(one), "min_prefixlen": 30, "max_prefixlen": 20"#, "IllegalSubnetPoolPrefixBounds"),
                (#"\#(one), "max_prefixlen": 33"#, "IllegalSubnetPoolPrefixBounds"),
                (#"\#(one), "min_prefixlen": 16, "default_prefixlen": 12"#, "IllegalSubnetPoolPrefixBounds"),
                (#"\#(one), "max_prefixlen": 16, "default_prefixlen": 20"#, "IllegalSubnetPoolPrefixBounds"),
            ] {
                let answer = try await network.ask(
                    .post, "subnetpools", #"{"subnetpool": {"name": "p", \#(fields)}}"#)
                expect(answer, 400, type)
            }
            for body in [#"{"subnetpool": {"name": " ", \#(one)}}"#, #"{"subnetpool": {\#(one)}}"#] {
                expect(try await network.ask(.post, "subnetpools", body), 400, "HTTPBadRequest")
            }
            let id = try await network.pool(one)
            let less = try await network.ask(
                .put, "subnetpools/\(id)", #"{"subnetpool": {"prefixes": ["10.0.0.0/9"]}}"#)
            expect(less, 400, "IllegalSubnetPoolPrefixUpdate")
        }
    }

    @Test func subnetsTakePrefixes() async throws {
        try await run { network in
            let pool = try await network.pool(
                #""prefixes": ["10.1.0.0/24", "10.2.0.0/16"], "min_prefixlen": 20, "default_prefixlen": 26"#)
            let of = #""subnetpool_id": "\#(pool)""#
            // The smallest room that will do comes first.
            for (fields, cidr) in [
                (of, "10.1.0.0/26"), (of, "10.1.0.64/26"), (#"\#(of), "prefixlen": 25"#, "10.1.0.128/25"),
                (of, "10.2.0.0/26"), (#"\#(of), "cidr": "10.2.16.0/20""#, "10.2.16.0/20"),
                (#"\#(of), "gateway_ip": "10.2.0.254", "prefixlen": 25"#, "10.2.0.128/25"),
            ] {
                let made = try await network.subnet(fields)
                #expect(made.text("subnet.cidr") == cidr && made.text("subnet.subnetpool_id") == pool, "\(made)")
            }
            let found = try await network.ask(.get, "subnets?subnetpool_id=\(pool)")
            #expect(found.count("subnets") == 6)
            for (fields, status, type) in [
                (#"\#(of), "prefixlen": 19"#, 400, "MinPrefixSubnetAllocationError"),
                (#"\#(of), "prefixlen": 33"#, 400, "MaxPrefixSubnetAllocationError"),
                (#"\#(of), "cidr": "10.1.0.0/26""#, 409, "SubnetAllocationError"),
                (#"\#(of), "cidr": "192.168.0.0/24""#, 409, "SubnetAllocationError"),
                (#"\#(of), "cidr": "10.2.32.0/24", "prefixlen": 24"#, 400, "BadRequest"),
                (#"\#(of), "ip_version": 6"#, 400, "BadRequest"),
                (#"\#(of), "use_default_subnetpool": true"#, 400, "BadRequest"),
                (#"\#(of), "allocation_pools": [{"start": "10.2.32.2", "end": "10.2.32.3"}]"#, 400, "BadRequest"),
                (#""prefixlen": 24"#, 400, "BadRequest"), (#""use_default_subnetpool": true"#, 400, "BadRequest"),
                (#""subnetpool_id": "\#(UUIDText.random())""#, 404, "SubnetPoolNotFound"),
            ] {
                expect(try await network.subnet(fields), status, type)
            }
            expect(try await network.ask(.delete, "subnetpools/\(pool)"), 400, "SubnetPoolDeleteError")
        }
    }

    /// What a deleted subnet had is there again, and a full pool says so.
    @Test func prefixesComeBack() async throws {
        try await run { network in
            let pool = try await network.pool(#""prefixes": ["10.1.0.0/30"], "default_prefixlen": 30"#)
            let of = #""subnetpool_id": "\#(pool)", "enable_dhcp": false"#
            let first = try await network.subnet(of)
            #expect(first.text("subnet.cidr") == "10.1.0.0/30", "\(first)")
            expect(try await network.subnet(of), 409, "SubnetAllocationError")
            #expect(try await network.ask(.delete, "subnets/\(first.text("subnet.id"))").status == 204)
            #expect(try await network.subnet(of).status == 201)
        }
    }

    @Test func aProjectHasItsShare() async throws {
        try await run { network in
            let pool = try await network.pool(
                #""prefixes": ["10.1.0.0/16"], "default_prefixlen": 26, "default_quota": 100, "shared": true"#,
                as: .admin)
            let of = #""subnetpool_id": "\#(pool)""#
            #expect(try await network.subnet(of).status == 201)
            expect(try await network.subnet(of), 409, "SubnetPoolQuotaExceeded")
            #expect(try await network.subnet(of, as: .admin).status == 201)
            let wide = try await network.pool(#""prefixes": ["2001:db8::/32"], "default_quota": 2"#)
            let six = #""ip_version": 6, "subnetpool_id": "\#(wide)""#
            for status in [201, 201, 409] {
                let answer = try await network.subnet(six)
                #expect(answer.status == status, "\(answer)")
            }
        }
    }

    @Test func oneDefaultOfEachVersion() async throws {
        try await run { network in
            let body = #""prefixes": ["10.1.0.0/16"], "default_prefixlen": 26, "is_default": true, "shared": true"#
            let refused = try await network.ask(.post, "subnetpools", #"{"subnetpool": {"name": "p", \#(body)}}"#)
            expect(refused, 403, "PolicyNotAuthorized")
            let pool = try await network.pool(body, as: .admin)
            let second = try await network.ask(
                .post, "subnetpools", #"{"subnetpool": {"name": "p", \#(body)}}"#, as: .admin)
            expect(second, 400, "InvalidInput")
            _ = try await network.pool(#""prefixes": ["2001:db8::/32"], "is_default": true"#, as: .admin)
            let made = try await network.subnet(#""use_default_subnetpool": true"#)
            #expect(made.text("subnet.subnetpool_id") == pool && made.text("subnet.cidr") == "10.1.0.0/26", "\(made)")
            // The other default one is not shared, and so not there for a member.
            expect(try await network.subnet(#""use_default_subnetpool": true, "ip_version": 6"#), 400, "BadRequest")
        }
    }

    @Test func poolsAreTheirProjects() async throws {
        try await run { network in
            let own = try await network.pool(#""prefixes": ["10.1.0.0/16"]"#)
            let shared = try await network.pool(#""prefixes": ["10.2.0.0/16"], "shared": true"#, as: .admin)
            #expect(try await network.ask(.get, "subnetpools/\(own)", as: .stranger).status == 404)
            #expect(try await network.ask(.get, "subnetpools/\(shared)", as: .stranger).status == 200)
            #expect(try await network.ask(.get, "subnetpools", as: .stranger).count("subnetpools") == 1)
            let body = #"{"subnetpool": {"name": "x"}}"#
            for method in [HTTPRequest.Method.put, .delete] {
                let answer = try await network.ask(method, "subnetpools/\(shared)", body)
                expect(answer, 403, "PolicyNotAuthorized")
            }
            expect(
                try await network.subnet(#""subnetpool_id": "\#(own)""#, as: .stranger), 404, "SubnetPoolNotFound")
        }
    }

    @Test func scopesHoldPools() async throws {
        try await run { network in
            let scope = try await network.make("address-scopes", "address_scope", #""ip_version": 4"#)
            let of = #""address_scope_id": "\#(scope)""#
            let pool = try await network.pool(#""prefixes": ["10.1.0.0/16"], "default_prefixlen": 26, \#(of)"#)
            for (prefixes, status, type) in [
                ("10.1.2.0/24", 409, "AddressScopePrefixConflict"),
                ("2001:db8::/32", 400, "IllegalSubnetPoolIpVersionAssociationToAddressScope"),
            ] {
                let answer = try await network.ask(
                    .post, "subnetpools", #"{"subnetpool": {"name": "p", "prefixes": ["\#(prefixes)"], \#(of)}}"#)
                expect(answer, status, type)
            }
            expect(try await network.ask(.delete, "address-scopes/\(scope)"), 409, "AddressScopeInUse")
            let made = try await network.subnet(#""subnetpool_id": "\#(pool)""#)
            let id = made.text("subnet.network_id")
            let shown = try await network.ask(.get, "networks/\(id)")
            #expect(shown.text("network.ipv4_address_scope") == scope, "\(shown)")
            #expect(shown.at("network.ipv6_address_scope") == .null)
            let other = try await network.pool(#""prefixes": ["10.2.0.0/16"], "default_prefixlen": 26"#)
            expect(
                try await network.subnet(on: id, #""subnetpool_id": "\#(other)""#), 400,
                "NetworkAddressScopeAffinityError")
            expect(
                try await network.subnet(on: id, #""cidr": "10.3.0.0/24""#), 400, "NetworkSubnetPoolAffinityError")
            let within = try await network.pool(#""prefixes": ["10.4.0.0/16"], "default_prefixlen": 26, \#(of)"#)
            #expect(try await network.subnet(on: id, #""subnetpool_id": "\#(within)""#).status == 201)
            // Of two pools on a network none leaves the scope alone.
            let left = try await network.ask(
                .put, "subnetpools/\(within)", #"{"subnetpool": {"address_scope_id": "\#(scope)"}}"#)
            expect(left, 400, "NetworkAddressScopeAffinityError")
        }
    }

    /// A pool in a scope of somebody else is no longer its owner's to change, and a shared scope stays so.
    @Test func sharedScopesAreTheirOwners() async throws {
        try await run { network in
            let body = #""ip_version": 4, "shared": true"#
            let refused = try await network.ask(.post, "address-scopes", #"{"address_scope": {\#(body)}}"#)
            expect(refused, 403, "PolicyNotAuthorized")
            let scope = try await network.make("address-scopes", "address_scope", body, as: .admin)
            let pool = try await network.pool(#""prefixes": ["10.1.0.0/16"], "address_scope_id": "\#(scope)""#)
            expect(
                try await network.ask(.put, "subnetpools/\(pool)", #"{"subnetpool": {"name": "x"}}"#), 400,
                "IllegalSubnetPoolUpdate")
            let own = try await network.ask(
                .put, "address-scopes/\(scope)", #"{"address_scope": {"shared": false}}"#, as: .admin)
            expect(own, 400, "AddressScopeUpdateError")
            let hidden = try await network.make("address-scopes", "address_scope", #""ip_version": 4"#, as: .admin)
            let answer = try await network.ask(
                .post, "subnetpools",
                #"{"subnetpool": {"name": "p", "prefixes": ["10.9.0.0/16"], "address_scope_id": "\#(hidden)"}}"#)
            expect(answer, 404, "AddressScopeNotFound")
        }
    }

    /// Hosts learn of what scope each leg of a router is.
    @Test func routersGoByScopes() async throws {
        try await run { network in
            let scope = try await network.make("address-scopes", "address_scope", #""ip_version": 4"#)
            let pool = try await network.pool(
                #""prefixes": ["10.1.0.0/16"], "default_prefixlen": 26, "address_scope_id": "\#(scope)""#)
            let made = try await network.subnet(#""subnetpool_id": "\#(pool)""#)
            let router = try await network.make("routers", "router", "")
            let joined = try await network.ask(
                .put, "routers/\(router)/add_router_interface", #"{"subnet_id": "\#(made.text("subnet.id"))"}"#)
            #expect(joined.status == 200, "\(joined)")
            let server = try await network.fixture.request(
                .post, "/compute/v2.1/servers",
                json: #"{"server": {"name": "s", "imageRef": "\#(network.fixture.image)", "flavorRef": "42", "#
                    + #""networks": [{"uuid": "\#(made.text("subnet.network_id"))"}]}}"#)
            try await network.fixture.server(ServerID(server.text("server.id"))) { $0.settled == .active }
            let topology = try await network.fixture.cloud.networking.topology(of: "sim-1")
            let leg = topology.routers.first { $0.id.text == router }?.interfaces.first
            #expect(leg?.ipv4Scope?.text == scope && leg?.ipv6Scope == nil)
        }
    }

    @Test func prefixesComeAndGo() async throws {
        try await run { network in
            let pool = try await network.pool(#""prefixes": ["10.1.0.0/24"], "default_prefixlen": 26"#)
            let path = "subnetpools/\(pool)"
            for (verb, body, left) in [
                ("add", #"["10.1.1.0/24", "10.5.0.0/16"]"#, ["10.1.0.0/23", "10.5.0.0/16"]),
                ("remove", #"["10.5.0.0/17"]"#, ["10.1.0.0/23", "10.5.128.0/17"]),
                ("remove", #"["192.168.0.0/16"]"#, ["10.1.0.0/23", "10.5.128.0/17"]),
            ] {
                let answer = try await network.ask(.put, "\(path)/\(verb)_prefixes", #"{"prefixes": \#(body)}"#)
                #expect(answer.at("prefixes") == .array(left.map { .string($0) }), "\(verb) \(body): \(answer)")
            }
            #expect(try await network.subnet(#""subnetpool_id": "\#(pool)", "cidr": "10.1.1.0/26""#).status == 201)
            for (verb, body, type) in [
                ("remove", #"{"prefixes": ["10.1.1.0/24"]}"#, "IllegalSubnetPoolPrefixUpdate"),
                ("add", #"{"prefixes": ["2001:db8::/32"]}"#, "PrefixVersionMismatch"),
                ("add", #"{"prefixes": []}"#, "HTTPBadRequest"), ("add", "{}", "HTTPBadRequest"),
                ("add", #"{"prefixes": ["10.9.0.0/16"], "name": "x"}"#, "HTTPBadRequest"),
            ] {
                expect(try await network.ask(.put, "\(path)/\(verb)_prefixes", body), 400, type)
            }
            let foreign = try await network.ask(
                .put, "\(path)/add_prefixes", #"{"prefixes": ["10.9.0.0/16"]}"#, as: .stranger)
            expect(foreign, 404, "SubnetPoolNotFound")
        }
    }
}
