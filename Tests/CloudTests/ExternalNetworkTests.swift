import HTTPTypes
import Model
import TestSupport
import Testing

/// What tenants get of an external network: addresses, and not which.
@Suite(.timeLimit(.minutes(3)))
struct ExternalNetworkTests {
    private static let gateway = "172.24.4.1"

    @Test func onlyAdministratorsChooseAFloatingAddress() async throws {
        try await CloudFixture.run { fixture async throws in
            let external = try await fixture.externalNetwork()
            func ask(_ address: String, as role: People.Role) async throws -> Answer {
                let wish = #""floating_network_id": "\#(external)", "floating_ip_address": "\#(address)""#
                return try await fixture.network(.post, "floatingips", #"{"floatingip": {\#(wish)}}"#, as: role)
            }
            #expect(try await ask("172.24.4.77", as: .member).status == 403)
            #expect(try await ask(Self.gateway, as: .member).status == 403)
            #expect(try await ask(Self.gateway, as: .admin).status == 400)
            #expect(try await ask("172.24.4.255", as: .admin).status == 400)
            let made = try await ask("172.24.4.77", as: .admin)
            #expect(made.text("floatingip.floating_ip_address") == "172.24.4.77", "\(made)")
        }
    }

    @Test func aRoutersGatewayAddressIsChosenByTheOwner() async throws {
        try await CloudFixture.run { fixture async throws in
            let external = try await fixture.externalNetwork()
            let router = try await fixture.made("router", #""name": "r""#)
            func set(_ address: String, as role: People.Role) async throws -> Answer {
                let way = #"{"network_id": "\#(external)", "external_fixed_ips": [{"ip_address": "\#(address)"}]}"#
                return try await fixture.network(
                    .put, "routers/\(router)", #"{"router": {"external_gateway_info": \#(way)}}"#, as: role)
            }
            #expect(try await set(Self.gateway, as: .member).status == 403)
            #expect(try await set("172.24.4.88", as: .member).status == 403)
            #expect(try await set(Self.gateway, as: .admin).status == 400)
            let made = try await set("172.24.4.88", as: .admin)
            #expect(made.status == 200, "\(made)")
            // Who names what is there already asks for nothing.
            let same = try await set("172.24.4.88", as: .member)
            #expect(same.status == 200, "\(same)")
            #expect(try await set("172.24.4.89", as: .member).status == 403)
        }
    }

    @Test func noRouterHasAnInterfaceThere() async throws {
        try await CloudFixture.run { fixture async throws in
            let external = try await fixture.externalNetwork()
            let subnet = try await fixture.network(.get, "subnets?network_id=\(external)").text("subnets.0.id")
            let router = try await fixture.made("router", #""name": "r""#)
            let owned = try await fixture.made("router", #""name": "r""#, as: .admin)
            let port = try await fixture.made("port", #""network_id": "\#(external)""#, as: .admin)
            for (id, target, role) in [
                (router, #""subnet_id": "\#(subnet)""#, People.Role.member),
                (owned, #""subnet_id": "\#(subnet)""#, .admin), (owned, #""port_id": "\#(port)""#, .admin),
            ] {
                let join = try await fixture.network(
                    .put, "routers/\(id)/add_router_interface", "{\(target)}", as: role)
                #expect(join.status == 400, "\(target): \(join)")
            }
        }
    }

    @Test func aFixedAddressHasOneFloatingIP() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await PortOwnerTests.Lane(fixture)
            let external = try await fixture.externalNetwork()
            let wish = #"{"floatingip": {"floating_network_id": "\#(external)", "port_id": "\#(lane.port)"}}"#
            #expect(try await fixture.network(.post, "floatingips", wish).status == 201)
            let second = try await fixture.network(.post, "floatingips", wish)
            #expect(second.status == 409, "\(second)")
            #expect(try await fixture.used("floatingip") == 1)
        }
    }

    @Test func whatAChangeDoesNotNameStays() async throws {
        try await CloudFixture.run { fixture async throws in
            let lane = try await PortOwnerTests.Lane(fixture)
            let both = #"{"port": {"fixed_ips": [{"ip_address": "10.9.0.60"}, {"ip_address": "10.9.0.61"}]}}"#
            #expect(try await fixture.network(.put, "ports/\(lane.port)", both).status == 200)
            let external = try await fixture.externalNetwork()
            let id = try await fixture.made(
                "floatingip", #""floating_network_id": "\#(external)", "description": "kept""#)
            func change(_ fields: String) async throws -> Answer {
                try await fixture.network(.put, "floatingips/\(id)", #"{"floatingip": {\#(fields)}}"#)
            }
            #expect(try await change("").text("floatingip.description") == "kept")
            #expect(try await change(#""fixed_ip_address": "10.9.0.61""#).status == 400)
            let pointed = try await change(#""port_id": "\#(lane.port)""#)
            #expect(pointed.text("floatingip.fixed_ip_address") == "10.9.0.60", "\(pointed)")
            #expect(try await change(#""fixed_ip_address": "10.9.0.61""#).status == 400)
            let moved = try await change(#""port_id": "\#(lane.port)", "fixed_ip_address": "10.9.0.61""#)
            #expect(moved.text("floatingip.fixed_ip_address") == "10.9.0.61", "\(moved)")
            #expect(moved.text("floatingip.port_id") == lane.port)
            let renamed = try await change(#""description": "new""#)
            #expect(renamed.text("floatingip.fixed_ip_address") == "10.9.0.61", "\(renamed)")
            let freed = try await change(#""port_id": null"#)
            #expect(freed.text("floatingip.port_id").isEmpty && freed.text("floatingip.description") == "new")
        }
    }
}
