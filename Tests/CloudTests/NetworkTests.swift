import Cloud
import Compute
import HTTPTypes
import Model
import TestSupport
import Testing
import Wire

/// The rules of networks, as Neutron has them.
@Suite(.timeLimit(.minutes(3)))
struct NetworkTests {
    private static let base = "/network/v2.0"

    /// Makes something in project `demo` and gives its id.
    private static func make(
        _ fixture: CloudFixture, _ kind: String, _ fields: String, as role: People.Role = .member
    ) async throws -> String {
        let path = kind == "security_group" ? "security-groups" : kind + "s"
        let made = try await fixture.request(.post, "\(base)/\(path)", as: role, json: #"{"\#(kind)": {\#(fields)}}"#)
        #expect(made.status == 201, "\(made)")
        return made.text("\(kind).id")
    }

    private static func external(_ fixture: CloudFixture) async throws -> String {
        try await fixture.request(.get, "\(base)/networks?router:external=true").text("networks.0.id")
    }

    private static func status(
        _ fixture: CloudFixture, _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil
    ) async throws -> Int {
        try await fixture.request(method, "\(base)/\(path)", json: json).status
    }

    @Test func theVersionTellsOfItsResources() async throws {
        try await CloudFixture.run { fixture async throws in
            let page = try await fixture.network(.get, "", as: .reader)
            let names = (0..<page.count("resources")).map { page.text("resources.\($0).name") }
            #expect(names == ["network", "subnet", "port"], "\(page)")
            #expect(page.text("resources.1.links.0.href").hasSuffix("/network/v2.0/subnets"), "\(page)")
        }
    }

    @Test func theDefaultGroupLetsItsMembersIn() async throws {
        try await CloudFixture.run { fixture async throws in
            let found = try await fixture.request(.get, "\(Self.base)/security-groups")
            #expect(found.count("security_groups") == 1 && found.text("security_groups.0.name") == "default")
            let id = found.text("security_groups.0.id")
            let rules = try await fixture.request(.get, "\(Self.base)/security-group-rules?direction=ingress")
            #expect(rules.count("security_group_rules") == 2)
            #expect(rules.text("security_group_rules.0.remote_group_id") == id)
            #expect(try await Self.status(fixture, .delete, "security-groups/\(id)") == 409)
            let twin = #"{"security_group": {"name": "default"}}"#
            #expect(try await Self.status(fixture, .post, "security-groups", twin) == 409)
        }
    }

    @Test func aRuleIsThereOnce() async throws {
        try await CloudFixture.run { fixture async throws in
            let group = try await Self.make(fixture, "security_group", #""name": "web""#)
            func rule(_ fields: String) async throws -> Int {
                try await Self.status(
                    fixture, .post, "security-group-rules",
                    #"{"security_group_rule": {"security_group_id": "\#(group)", "direction": "ingress", \#(fields)}}"#)
            }
            let ssh = #""protocol": "tcp", "port_range_min": 22, "port_range_max": 22"#
            #expect(try await rule(ssh) == 201)
            #expect(try await rule(ssh) == 409)
            #expect(try await rule(#""protocol": "tcp", "port_range_min": 23, "port_range_max": 22"#) == 400)
            #expect(try await rule(#""port_range_min": 22, "port_range_max": 22"#) == 400)
            #expect(try await rule(#""remote_ip_prefix": "::/0", "ethertype": "IPv4""#) == 400)
            #expect(try await rule(#""remote_ip_prefix": "10.0.0.0/8; drop""#) == 400)
        }
    }

    @Test func subnetsOfANetworkDoNotOverlap() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await Self.make(fixture, "network", #""name": "n""#)
            func subnet(_ cidr: String, _ more: String = "") async throws -> Int {
                try await Self.status(
                    fixture, .post, "subnets",
                    #"{"subnet": {"network_id": "\#(network)", "ip_version": 4, "cidr": "\#(cidr)"\#(more)}}"#)
            }
            #expect(try await subnet("10.1.0.0/24") == 201)
            for cidr in ["10.1.0.0/24", "10.1.0.0/16", "10.1.0.128/25", "nonsense", "10.1.0.0/33", "10.2.0.0"] {
                #expect(try await subnet(cidr) == 400, "\(cidr)")
            }
            #expect(try await subnet("10.2.0.0/24", #", "gateway_ip": "10.2.0.255""#) == 400)
            // A gateway need not be of the subnet.
            #expect(try await subnet("10.2.0.0/24", #", "gateway_ip": "10.3.0.1""#) == 201)
        }
    }

    @Test func quotasAreKept() async throws {
        try await CloudFixture.run { fixture async throws in
            let set = try await fixture.request(
                .put, "\(Self.base)/quotas/\(fixture.people.demo)", as: .admin,
                json: #"{"quota": {"network": 1, "floatingip": 0}}"#)
            #expect(set.status == 200)
            let id = try await Self.make(fixture, "network", #""name": "n""#)
            let full = try await fixture.request(.post, "\(Self.base)/networks", json: #"{"network": {}}"#)
            #expect(full.status == 409 && full.text("NeutronError.type") == "OverQuota", "\(full)")
            let external = try await Self.external(fixture)
            let address = #"{"floatingip": {"floating_network_id": "\#(external)"}}"#
            #expect(try await Self.status(fixture, .post, "floatingips", address) == 409)
            #expect(try await Self.status(fixture, .delete, "networks/\(id)") == 204)
            _ = try await Self.make(fixture, "network", #""name": "n""#)
        }
    }

    /// A network with a subnet, and a router that joins it to the world.
    private static func lane(_ fixture: CloudFixture) async throws -> (network: String, subnet: String, router: String)
    {
        let network = try await make(fixture, "network", #""name": "lane""#)
        let subnet = try await make(
            fixture, "subnet", #""network_id": "\#(network)", "ip_version": 4, "cidr": "10.9.0.0/24""#)
        let external = try await external(fixture)
        let router = try await make(
            fixture, "router", #""name": "r", "external_gateway_info": {"network_id": "\#(external)"}"#)
        let body = #"{"subnet_id": "\#(subnet)"}"#
        #expect(try await status(fixture, .put, "routers/\(router)/add_router_interface", body) == 200)
        return (network, subnet, router)
    }

    @Test func routersJoinASubnetOnce() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Self.lane(fixture)
            let add = "routers/\(lane.router)/add_router_interface"
            let again = #"{"subnet_id": "\#(lane.subnet)"}"#
            #expect(try await Self.status(fixture, .put, add, again) == 400)
            let twin = try await Self.make(fixture, "network", #""name": "twin""#)
            let overlap = try await Self.make(
                fixture, "subnet", #""network_id": "\#(twin)", "ip_version": 4, "cidr": "10.9.0.0/25""#)
            #expect(try await Self.status(fixture, .put, add, #"{"subnet_id": "\#(overlap)"}"#) == 400)
            #expect(try await Self.status(fixture, .put, add, "{}") == 400)
            #expect(try await Self.status(fixture, .put, add, #"{"subnet_id": "\#(UUIDText.random())"}"#) == 404)
        }
    }

    @Test func whatIsInUseStays() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Self.lane(fixture)
            let port = try await Self.make(fixture, "port", #""network_id": "\#(lane.network)""#)
            let external = try await Self.external(fixture)
            let floating = try await Self.make(
                fixture, "floatingip", #""floating_network_id": "\#(external)", "port_id": "\#(port)""#)
            let leave = #"{"subnet_id": "\#(lane.subnet)"}"#
            let remove = "routers/\(lane.router)/remove_router_interface"
            #expect(try await Self.status(fixture, .delete, "networks/\(lane.network)") == 409)
            #expect(try await Self.status(fixture, .delete, "subnets/\(lane.subnet)") == 409)
            #expect(try await Self.status(fixture, .delete, "routers/\(lane.router)") == 409)
            #expect(try await Self.status(fixture, .put, remove, leave) == 409)
            #expect(try await Self.status(fixture, .delete, "floatingips/\(floating)") == 204)
            #expect(try await Self.status(fixture, .put, remove, leave) == 200)
            #expect(try await Self.status(fixture, .delete, "routers/\(lane.router)") == 204)
            #expect(try await Self.status(fixture, .delete, "ports/\(port)") == 204)
            #expect(try await Self.status(fixture, .delete, "subnets/\(lane.subnet)") == 204)
            #expect(try await Self.status(fixture, .delete, "networks/\(lane.network)") == 204)
        }
    }

    @Test func aFloatingIPNeedsAWayOut() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Self.lane(fixture)
            let external = try await Self.external(fixture)
            let island = try await Self.make(fixture, "network", #""name": "island""#)
            _ = try await Self.make(
                fixture, "subnet", #""network_id": "\#(island)", "ip_version": 4, "cidr": "10.8.0.0/24""#)
            let lost = try await Self.make(fixture, "port", #""network_id": "\#(island)""#)
            let port = try await Self.make(fixture, "port", #""network_id": "\#(lane.network)""#)
            let first = try await Self.make(fixture, "floatingip", #""floating_network_id": "\#(external)""#)
            let second = try await Self.make(fixture, "floatingip", #""floating_network_id": "\#(external)""#)
            func point(_ floating: String, _ port: String) async throws -> Int {
                try await Self.status(
                    fixture, .put, "floatingips/\(floating)", #"{"floatingip": {"port_id": "\#(port)"}}"#)
            }
            #expect(try await point(first, lost) == 404)
            #expect(try await point(first, UUIDText.random()) == 404)
            #expect(try await point(first, port) == 200)
            #expect(try await point(second, port) == 409)
            let inner = #"{"floatingip": {"floating_network_id": "\#(island)"}}"#
            #expect(try await Self.status(fixture, .post, "floatingips", inner) == 400)
        }
    }

    @Test func aServersAddressesFollow() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Self.lane(fixture)
            let made = try await fixture.create { $0.nics = [RequestedNIC(networkID: NetworkID(lane.network))] }
            let id = try #require(made.first?.id)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            let ports = try await fixture.request(.get, "\(Self.base)/ports?device_id=\(id)")
            let port = ports.text("ports.0.id")
            let external = try await Self.external(fixture)
            let floating = try await Self.make(
                fixture, "floatingip", #""floating_network_id": "\#(external)", "port_id": "\#(port)""#)
            func types() async throws -> [String] {
                let list = try await fixture.request(.get, "/compute/v2.1/servers/detail")
                guard case .array(let items)? = list.at("servers.0.addresses.lane") else { return [] }
                return items.compactMap { if case .string(let type)? = $0["OS-EXT-IPS:type"] { type } else { nil } }
            }
            try await eventually("the floating IP is shown") { try await types() == ["fixed", "floating"] }
            #expect(try await Self.status(fixture, .delete, "floatingips/\(floating)") == 204)
            try await eventually("it is gone") { try await types() == ["fixed"] }
        }
    }

    @Test func theCloudsOwnPortsAreNotForMembers() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Self.lane(fixture)
            let port = try await Self.make(fixture, "port", #""network_id": "\#(lane.network)""#)
            let claim = #"{"port": {"device_owner": "network:router_interface", "device_id": "\#(lane.router)"}}"#
            #expect(try await Self.status(fixture, .put, "ports/\(port)", claim) == 403)
            let twin = #"{"port": {"network_id": "\#(lane.network)", "device_owner": "network:dhcp"}}"#
            #expect(try await Self.status(fixture, .post, "ports", twin) == 403)
            let plain = #"{"port": {"device_owner": "compute:nova", "device_id": "mine"}}"#
            #expect(try await Self.status(fixture, .put, "ports/\(port)", plain) == 200)
        }
    }

    /// A port that names another project's server is not that server's.
    @Test func aPortCannotPassForAnothersServer() async throws {
        try await CloudFixture.run { fixture async throws in
            let id = try await fixture.boot()
            let network = try await Self.make(fixture, "network", #""name": "trap""#, as: .stranger)
            _ = try await Self.make(
                fixture, "subnet", #""network_id": "\#(network)", "ip_version": 4, "cidr": "10.66.0.0/24""#,
                as: .stranger)
            let port = try await fixture.request(
                .post, "\(Self.base)/ports", as: .stranger,
                json: #"{"port": {"network_id": "\#(network)", "device_id": "\#(id)"}}"#)
            let address = port.text("port.fixed_ips.0.ip_address")
            let seen = try await fixture.cloud.compute.server(at: address, on: NetworkID(network))
            #expect(seen == nil)
            let source = try await fixture.cloud.compute.metadataSource(of: id)
            #expect(source.attachments.count == 1)
        }
    }
}
