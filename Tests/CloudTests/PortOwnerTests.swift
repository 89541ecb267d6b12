import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Model
import Networking
import TestSupport
import Testing

/// Whose ports are, and what they may become.
@Suite(.timeLimit(.minutes(3)))
struct PortOwnerTests {
    private static let subnet = #""ip_version": 4, "cidr": "10.9.0.0/24""#

    /// A network joined to the world, with a port on it.
    struct Lane {
        var network: String
        var subnet: String
        var router: String
        var port: String

        init(_ fixture: CloudFixture, as role: People.Role = .member) async throws {
            network = try await fixture.madeNetwork([PortOwnerTests.subnet], as: role)
            subnet = try await fixture.network(.get, "subnets?network_id=\(network)", as: role).text("subnets.0.id")
            let external = try await fixture.externalNetwork()
            router = try await fixture.made(
                "router", #""name": "r", "external_gateway_info": {"network_id": "\#(external)"}"#, as: role)
            let join = try await fixture.network(
                .put, "routers/\(router)/add_router_interface", #"{"subnet_id": "\#(subnet)"}"#, as: role)
            #expect(join.status == 200, "\(join)")
            port = try await fixture.made("port", #""network_id": "\#(network)""#, as: role)
        }
    }

    private static func change(
        _ fixture: CloudFixture, _ port: String, _ fields: String, as role: People.Role = .member
    ) async throws -> Int {
        try await fixture.network(.put, "ports/\(port)", #"{"port": {\#(fields)}}"#, as: role).status
    }

    private static func owned(_ fixture: CloudFixture, by owner: String) async throws -> String {
        try await fixture.network(.get, "ports?device_owner=network:\(owner)").text("ports.0.id")
    }

    @Test func quotaIsGivenBackAsItWasTaken() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.subnet])
            let dhcp = try await Self.owned(fixture, by: "dhcp")
            #expect(try await Self.change(fixture, dhcp, #""device_owner": """#) == 403)
            #expect(try await Self.change(fixture, dhcp, #""device_id": "x""#) == 403)
            #expect(try await fixture.used("port") == 0)
            #expect(try await Self.change(fixture, dhcp, #""device_owner": """#, as: .admin) == 200)
            #expect(try await fixture.used("port") == 1)
            #expect(try await Self.change(fixture, dhcp, #""device_owner": "network:dhcp""#, as: .admin) == 200)
            #expect(try await fixture.used("port") == 0)
            #expect(try await Self.change(fixture, dhcp, #""device_owner": """#, as: .admin) == 200)
            #expect(try await fixture.network(.delete, "ports/\(dhcp)").status == 204)
            let fields =
                #""network_id": "\#(network)", "device_owner": "network:dhcp", "project_id": "\#(fixture.people.demo)""#
            let own = try await fixture.made("port", fields, as: .admin)
            #expect(try await fixture.used("port") == 0)
            #expect(try await fixture.network(.delete, "ports/\(own)", as: .admin).status == 204)
            #expect(try await fixture.used("port") == 0)
        }
    }

    @Test func aRoutersLegsStayItsOwn() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Lane(fixture)
            let victim = try await Lane(fixture, as: .stranger)
            let leg = try await Self.owned(fixture, by: "router_interface")
            let gateway = try await Self.owned(fixture, by: "router_gateway")
            for port in [leg, gateway] {
                for role in [People.Role.member, .admin] {
                    let wishes = [
                        #""device_id": "\#(victim.router)""#, #""device_owner": """#,
                        #""fixed_ips": [{"ip_address": "10.9.0.77"}]"#, #""fixed_ips": []"#,
                    ]
                    for wish in wishes {
                        #expect(try await Self.change(fixture, port, wish, as: role) == 409, "\(wish)")
                    }
                }
                #expect(try await Self.change(fixture, port, #""name": "mine""#) == 200)
            }
            let same = #""fixed_ips": [{"subnet_id": "\#(lane.subnet)"}]"#
            #expect(try await Self.change(fixture, leg, same) == 200)
        }
    }

    /// A port that only says it is a router's keeps nobody from joining networks.
    @Test func aNameOfARouterIsNoLeg() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Lane(fixture)
            let trap = try await fixture.madeNetwork([#""ip_version": 4, "cidr": "10.7.0.0/16""#], as: .stranger)
            _ = try await fixture.made(
                "port", #""network_id": "\#(trap)", "device_id": "\#(lane.router)""#, as: .stranger)
            let other = try await fixture.madeNetwork([#""ip_version": 4, "cidr": "10.7.1.0/24""#])
            let subnet = try await fixture.network(.get, "subnets?network_id=\(other)").text("subnets.0.id")
            let join = try await fixture.network(
                .put, "routers/\(lane.router)/add_router_interface", #"{"subnet_id": "\#(subnet)"}"#)
            #expect(join.status == 200, "\(join)")
            let made = try await fixture.create { $0.nics = [RequestedNIC(portID: PortID(lane.port))] }
            try await fixture.server(try #require(made.first?.id)) { $0.settled == .active && $0.operation == nil }
            let topology = try await fixture.cloud.networking.topology(of: "sim-1")
            let networks = Set(topology.networks.map(\.id.text))
            #expect(networks.contains(lane.network) && networks.contains(other) && !networks.contains(trap))
        }
    }

    @Test func anAddressWithAFloatingIPStays() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Lane(fixture)
            let external = try await fixture.externalNetwork()
            let floating = try await fixture.made(
                "floatingip", #""floating_network_id": "\#(external)", "port_id": "\#(lane.port)""#)
            let old = try await fixture.network(.get, "ports/\(lane.port)").text("port.fixed_ips.0.ip_address")
            let away = #""fixed_ips": [{"ip_address": "10.9.0.77"}]"#
            #expect(try await Self.change(fixture, lane.port, away) == 409)
            let holder = try await Self.owned(fixture, by: "floatingip")
            #expect(try await Self.change(fixture, holder, #""fixed_ips": []"#) == 409)
            let both = #""fixed_ips": [{"ip_address": "\#(old)"}, {"ip_address": "10.9.0.77"}]"#
            #expect(try await Self.change(fixture, lane.port, both) == 200)
            #expect(try await fixture.network(.delete, "floatingips/\(floating)").status == 204)
            #expect(try await Self.change(fixture, lane.port, away) == 200)
        }
    }

    @Test func aReleasedPortForgetsTheServersName() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await Lane(fixture)
            func name() async throws -> String {
                try await fixture.network(.get, "ports/\(lane.port)").text("port.dns_name")
            }
            for server in ["one", "two"] {
                let made = try await fixture.create(server) { $0.nics = [RequestedNIC(portID: PortID(lane.port))] }
                let id = try #require(made.first?.id)
                try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
                #expect(try await name() == server)
                let gone = try await fixture.request(.delete, "/compute/v2.1/servers/\(id)")
                #expect(gone.status == 204)
                try await eventually("the port is free") { try await name().isEmpty }
            }
        }
    }
}
