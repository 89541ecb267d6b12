import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Model
import Networking
import TestSupport
import Testing

/// Addresses that guests make of a prefix and their hardware address: a port has them on every such subnet.
@Suite(.timeLimit(.minutes(3)))
struct SelfAssignedAddressTests {
    private static let four = #""ip_version": 4, "cidr": "10.0.0.0/24""#
    private static let mac = #""mac_address": "fa:16:3e:00:00:01""#

    private static func six(_ cidr: String, _ mode: String?) -> String {
        let modes = mode.map { #", "ipv6_ra_mode": "\#($0)", "ipv6_address_mode": "\#($0)""# } ?? ""
        return #""ip_version": 6, "cidr": "\#(cidr)"\#(modes)"#
    }

    private static func addresses(_ port: Answer, at path: String = "port") -> [String] {
        (0..<port.count("\(path).fixed_ips")).map { port.text("\(path).fixed_ips.\($0).ip_address") }
    }

    private static func port(_ fixture: CloudFixture, _ network: String, _ more: String) async throws -> Answer {
        let answer = try await fixture.network(
            .post, "ports", #"{"port": {"network_id": "\#(network)", \#(more)}}"#)
        #expect(answer.status == 201, "\(answer)")
        return answer
    }

    @Test func aPortHasOneAddressOfEachVersionAndAllThatItsGuestMakes() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([
                Self.six("fd03::/64", "dhcpv6-stateless"), Self.six("fd01::/64", "dhcpv6-stateful"),
                Self.six("fd02::/64", "slaac"), Self.six("fd04::/64", nil), Self.four,
                #""ip_version": 4, "cidr": "10.1.0.0/24""#,
            ])
            let found = Self.addresses(try await Self.port(fixture, network, Self.mac))
            #expect(found.count == 4, "\(found)")
            #expect(found.prefix(2).map { $0.hasPrefix("10.0.0.") || $0.hasPrefix("fd01::") } == [true, true])
            #expect(Set(found.suffix(2)) == ["fd02::f816:3eff:fe00:1", "fd03::f816:3eff:fe00:1"], "\(found)")
        }
    }

    @Test func aFullSubnetOfOneVersionIsNotMadeUpForByTheOther() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([
                Self.four, Self.six("fd01::/64", nil) + #", "enable_dhcp": false, "allocation_pools": []"#,
            ])
            let answer = try await fixture.network(.post, "ports", #"{"port": {"network_id": "\#(network)"}}"#)
            #expect(answer.status == 409 && answer.text("NeutronError.type") == "IpAddressGenerationFailure")
        }
    }

    @Test(arguments: ["slaac", "dhcpv6-stateless"])
    func aNewSubnetGivesPortsThatAreThereTheirAddress(mode: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.four])
            let four = try await fixture.network(.get, "subnets?network_id=\(network)").text("subnets.0.id")
            let port = try await Self.port(fixture, network, Self.mac).text("port.id")
            let router = try await fixture.made("router", #""name": "r""#)
            let joined = try await fixture.network(
                .put, "routers/\(router)/add_router_interface", #"{"subnet_id": "\#(four)"}"#)
            #expect(joined.status == 200)
            let before = try await fixture.network(.get, "ports/\(port)")
            let fields = Self.six("fd00::/64", mode)
            _ = try await fixture.made("subnet", #""network_id": "\#(network)", \#(fields)"#)
            let after = try await fixture.network(.get, "ports/\(port)")
            #expect(Self.addresses(after) == Self.addresses(before) + ["fd00::f816:3eff:fe00:1"], "\(after)")
            #expect(after.at("port.revision_number") != before.at("port.revision_number"))
            let leg = try await fixture.network(.get, "ports/\(joined.text("port_id"))")
            #expect(Self.addresses(leg) == ["10.0.0.1"], "\(leg)")
            let dhcp = try await fixture.network(.get, "ports?network_id=\(network)&device_owner=network:dhcp")
            let mac = dhcp.text("ports.0.mac_address").split(separator: ":").compactMap { UInt8($0, radix: 16) }
            let own = UInt128(0xfd00) << 112 | UInt128(0xf816_3eff_fe00_0000)
            let low = mac.suffix(3).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            let expected = IPAddress(version: 6, number: own | low).description
            #expect(Self.addresses(dhcp, at: "ports.0").last == expected, "\(dhcp)")
        }
    }

    /// What the filter lets a guest send from are the addresses of its port.
    @Test func serverAndHostLearnOfTheAddressThatANewSubnetBrings() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.four])
            let port = try await Self.port(fixture, network, Self.mac).text("port.id")
            let nic = RequestedNIC(portID: PortID(port))
            let made = try await fixture.create { $0.nics = [nic] }
            let server = try #require(made.first?.id)
            try await fixture.server(server) { $0.settled == .active }
            let path = "/compute/v2.1/servers/\(server)"
            let fields = Self.six("fd00::/64", "slaac")
            _ = try await fixture.made("subnet", #""network_id": "\#(network)", \#(fields)"#)
            try await eventually("the server shows the address") {
                try await fixture.request(.get, path, as: .member).count("server.addresses.n") == 2
            }
            let shown = try await fixture.request(.get, path, as: .member)
            let found = (0..<2).map { shown.text("server.addresses.n.\($0).addr") }
            #expect(found.contains("fd00::f816:3eff:fe00:1"), "\(shown)")
            let bound = try await fixture.network(.get, "ports/\(port)", as: .admin).text("port.binding:host_id")
            let topology = try await fixture.cloud.networking.topology(of: bound)
            let local = topology.ports.first { $0.id.text == port }
            #expect(local?.addresses.map(\.address).contains("fd00::f816:3eff:fe00:1") == true, "\(topology.ports)")
        }
    }

    @Test func theirPrefixHas64Bits() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.made("network", #""name": "n""#)
            for (cidr, status) in [("fd00::/63", 400), ("fd00::/65", 400), ("fd00::/64", 201)] {
                let fields = Self.six(cidr, "slaac")
                let body = #"{"subnet": {"network_id": "\#(network)", \#(fields)}}"#
                let answer = try await fixture.network(.post, "subnets", body)
                #expect(answer.status == status, "\(cidr): \(answer)")
            }
        }
    }
}
