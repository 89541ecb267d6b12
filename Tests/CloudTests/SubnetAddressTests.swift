import Cloud
import HTTPTypes
import Model
import Store
import TestSupport
import Testing
import Wire

/// What a subnet gives out, and what it may not be told to.
@Suite(.timeLimit(.minutes(3)))
struct SubnetAddressTests {
    private static let plain = #""ip_version": 4, "cidr": "10.0.0.0/24""#

    private static func pools(_ ranges: (String, String)...) -> String {
        let items = ranges.map { #"{"start": "\#($0.0)", "end": "\#($0.1)"}"# }
        return #""allocation_pools": [\#(items.joined(separator: ", "))]"#
    }

    private static func subnet(_ fixture: CloudFixture, of network: String) async throws -> String {
        try await fixture.network(.get, "subnets?network_id=\(network)").text("subnets.0.id")
    }

    private static func port(_ fixture: CloudFixture, _ network: String, _ more: String = "") async throws -> Answer {
        try await fixture.network(.post, "ports", #"{"port": {"network_id": "\#(network)"\#(more)}}"#)
    }

    @Test func noPoolsGiveNothing() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([
                Self.plain + #", "enable_dhcp": false, "allocation_pools": []"#
            ])
            let subnet = try await Self.subnet(fixture, of: network)
            let shown = try await fixture.network(.get, "subnets/\(subnet)")
            #expect(shown.json["subnet"]?["allocation_pools"] == .array([]), "\(shown)")
            #expect(try await Self.port(fixture, network).status == 409)
            #expect(
                try await Self.port(fixture, network, #", "fixed_ips": [{"ip_address": "10.0.0.9"}]"#).status == 201)
        }
    }

    @Test func aPoolThatIsNoneIsRefused() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.plain])
            let subnet = try await Self.subnet(fixture, of: network)
            let wishes = [
                (Self.pools(("10.0.0.200", "10.0.0.10")), 400), (Self.pools(("10.0.1.5", "10.0.1.9")), 400),
                (Self.pools(("10.0.0.0", "10.0.0.9")), 400), (Self.pools(("10.0.0.9", "10.0.0.255")), 400),
                (Self.pools(("::1", "::2")), 400), (Self.pools(("10.0.0.1", "10.0.0.9")), 409),
                (Self.pools(("10.0.0.5", "10.0.0.9"), ("10.0.0.9", "10.0.0.20")), 409),
                (#""gateway_ip": "10.0.0.255""#, 400), (#""gateway_ip": "10.0.0.0""#, 400),
                (#""gateway_ip": "10.0.0.77""#, 409),
            ]
            for (wish, status) in wishes {
                let put = try await fixture.network(.put, "subnets/\(subnet)", #"{"subnet": {\#(wish)}}"#)
                #expect(put.status == status, "\(wish): \(put)")
                let fresh = try await fixture.made("network", #""name": "m""#)
                let body = #"{"subnet": {"network_id": "\#(fresh)", \#(Self.plain), \#(wish)}}"#
                let post = try await fixture.network(.post, "subnets", body)
                #expect(post.status == status || wish.contains("0.0.77"), "\(wish): \(post)")
            }
            let port = try await Self.port(fixture, network)
            #expect(port.status == 201, "\(port)")
            let good = Self.pools(("10.0.0.40", "10.0.0.49"), ("10.0.0.20", "10.0.0.29"))
            #expect(try await fixture.network(.put, "subnets/\(subnet)", #"{"subnet": {\#(good)}}"#).status == 200)
            let next = try await Self.port(fixture, network)
            #expect(next.text("port.fixed_ips.0.ip_address").hasPrefix("10.0.0."), "\(next)")
        }
    }

    @Test func aPoolMayBeAllOfIPv6() async throws {
        try await CloudFixture.run { fixture async throws in
            let all = Self.pools(("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))
            let network = try await fixture.madeNetwork([
                #""ip_version": 6, "cidr": "::/0", "gateway_ip": null, \#(all)"#
            ])
            let port = try await Self.port(fixture, network)
            #expect(port.text("port.fixed_ips.0.ip_address") == "::2", "\(port)")
        }
    }

    /// Rows may be older than the rule.
    @Test(arguments: [
        #"[{"start": "10.0.0.200", "end": "10.0.0.10"}]"#, #"[{"start": "10.0.0.9", "end": "::9"}]"#, "[]",
        #"[{"start": "::", "end": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}]"#,
    ])
    func aKeptPoolThatIsNoneHasNoAddresses(pools: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.plain + #", "enable_dhcp": false"#])
            let subnet = try await Self.subnet(fixture, of: network)
            try await fixture.cloud.database.transaction { db in
                try db.execute("UPDATE subnets SET allocation_pools = ?2 WHERE id = ?1", [.text(subnet), .text(pools)])
            }
            let port = try await Self.port(fixture, network)
            #expect(port.status == (pools.contains("ffff") ? 201 : 409), "\(port)")
        }
    }

    @Test func everyAddressOfTheSubnetsIsUsed() async throws {
        try await CloudFixture.run { fixture async throws in
            let first = #""ip_version": 4, "cidr": "10.1.0.0/29", "enable_dhcp": false"#
            let second = #""ip_version": 4, "cidr": "10.2.0.0/30", "enable_dhcp": false"#
            let network = try await fixture.madeNetwork([first, second])
            var given: Set<String> = []
            for _ in 0..<6 {
                let port = try await Self.port(fixture, network)
                #expect(port.status == 201, "\(port)")
                given.insert(port.text("port.fixed_ips.0.ip_address"))
            }
            #expect(given == Set((2...6).map { "10.1.0.\($0)" } + ["10.2.0.2"]))
            let full = try await Self.port(fixture, network)
            #expect(full.status == 409, "\(full)")
            let freed = try await fixture.network(.get, "ports?fixed_ips=ip_address%3D10.1.0.4").text("ports.0.id")
            #expect(try await fixture.network(.delete, "ports/\(freed)").status == 204)
            let again = try await Self.port(fixture, network)
            #expect(again.text("port.fixed_ips.0.ip_address") == "10.1.0.4", "\(again)")
        }
    }

    @Test func theNetworkAndBroadcastAddressesAreNobodys() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.plain])
            for (address, status) in [("10.0.0.0", 400), ("10.0.0.255", 400), ("10.0.0.254", 201), ("10.0.0.1", 201)] {
                let port = try await Self.port(fixture, network, #", "fixed_ips": [{"ip_address": "\#(address)"}]"#)
                #expect(port.status == status, "\(address): \(port)")
            }
        }
    }

    @Test func aGatewayThatARouterHoldsStays() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.plain])
            let subnet = try await Self.subnet(fixture, of: network)
            let router = try await fixture.made("router", #""name": "r""#)
            let join = try await fixture.network(
                .put, "routers/\(router)/add_router_interface", #"{"subnet_id": "\#(subnet)"}"#)
            #expect(join.status == 200, "\(join)")
            let change = #"{"subnet": {"gateway_ip": null}}"#
            #expect(try await fixture.network(.put, "subnets/\(subnet)", change).status == 409)
        }
    }

    /// Twice on and off gives the DHCP port no second address.
    @Test func dhcpHasOneAddressInASubnet() async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([Self.plain])
            let subnet = try await Self.subnet(fixture, of: network)
            for flag in ["false", "true"] {
                let change = #"{"subnet": {"enable_dhcp": \#(flag)}}"#
                #expect(try await fixture.network(.put, "subnets/\(subnet)", change).status == 200)
            }
            let ports = try await fixture.network(.get, "ports?network_id=\(network)&device_owner=network:dhcp")
            #expect(ports.count("ports.0.fixed_ips") == 1, "\(ports)")
        }
    }

    @Test func ipv6NeedsItsMTU() async throws {
        try await CloudFixture.run { fixture async throws in
            let small = try await fixture.made("network", #""name": "small", "mtu": 1279"#)
            func v6(_ network: String) -> String {
                #"{"subnet": {"network_id": "\#(network)", "ip_version": 6, "cidr": "fd00::/64"}}"#
            }
            #expect(try await fixture.network(.post, "subnets", v6(small)).status == 409)
            let wide = try await fixture.made("network", #""name": "wide", "mtu": 1280"#)
            #expect(try await fixture.network(.post, "subnets", v6(wide)).status == 201)
            func resize(_ network: String, _ mtu: Int) async throws -> Int {
                try await fixture.network(.put, "networks/\(network)", #"{"network": {"mtu": \#(mtu)}}"#).status
            }
            #expect(try await resize(wide, 1279) == 409)
            #expect(try await resize(wide, 1400) == 200)
            #expect(try await resize(small, 1000) == 200)
        }
    }

    /// What a port has and asks for again, it keeps; what guests choose by themselves goes by the hardware address.
    @Test func aChangeKeepsTheAddressesThatItNames() async throws {
        try await CloudFixture.run { fixture async throws in
            let modes = #""ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac""#
            let network = try await fixture.madeNetwork([
                Self.plain, #""ip_version": 6, "cidr": "fd00::/64", \#(modes)"#,
            ])
            let subnets = try await fixture.network(.get, "subnets?network_id=\(network)&ip_version=4")
            let four = subnets.text("subnets.0.id")
            let six = try await fixture.network(.get, "subnets?network_id=\(network)&ip_version=6").text("subnets.0.id")
            let port = try await Self.port(
                fixture, network, #", "mac_address": "fa:16:3e:00:00:01", "fixed_ips": [{"subnet_id": "\#(four)"}]"#)
            let (id, first) = (port.text("port.id"), port.text("port.fixed_ips.0.ip_address"))
            #expect(port.text("port.fixed_ips.1.ip_address") == "fd00::f816:3eff:fe00:1", "\(port)")
            for (wish, status, addresses) in [
                (#""fixed_ips": [{"subnet_id": "\#(four)"}]"#, 200, [first, "fd00::f816:3eff:fe00:1"]),
                (#""fixed_ips": [{"subnet_id": "\#(six)", "ip_address": "fd00::7"}]"#, 400, []),
                (#""mac_address": "fa:16:3e:00:00:02""#, 200, [first, "fd00::f816:3eff:fe00:2"]),
                (
                    #""fixed_ips": [{"ip_address": "10.0.0.77"}, {"subnet_id": "\#(six)"}]"#, 200,
                    ["10.0.0.77", "fd00::f816:3eff:fe00:2"]
                ),
                (#""fixed_ips": [{"subnet_id": "\#(four)"}, {"ip_address": "10.0.0.77"}]"#, 200, nil),
                (#""fixed_ips": []"#, 200, ["fd00::f816:3eff:fe00:2"]),
            ] as [(String, Int, [String]?)] {
                let answer = try await fixture.network(.put, "ports/\(id)", #"{"port": {\#(wish)}}"#, as: .admin)
                #expect(answer.status == status, "\(wish): \(answer)")
                guard status == 200 else { continue }
                let found = (0..<answer.count("port.fixed_ips")).map {
                    answer.text("port.fixed_ips.\($0).ip_address")
                }
                #expect(addresses.map { $0 == found } ?? (found.count == 3), "\(wish): \(answer)")
            }
        }
    }

    /// A subnet whose guests choose their addresses goes with them, unless a router is there; others wait for ports.
    @Test(arguments: ["slaac", "dhcpv6-stateless", "dhcpv6-stateful"])
    func aSubnetOfSelfGivenAddressesGoesBeforeItsPorts(mode: String) async throws {
        try await CloudFixture.run { fixture async throws in
            let network = try await fixture.madeNetwork([
                #""ip_version": 6, "cidr": "fd00::/64", "ipv6_ra_mode": "\#(mode)", "ipv6_address_mode": "\#(mode)""#
            ])
            let subnet = try await Self.subnet(fixture, of: network)
            let port = try await Self.port(fixture, network).text("port.id")
            let router = try await fixture.made("router", #""name": "r""#)
            let leg = #"{"subnet_id": "\#(subnet)"}"#
            #expect(try await fixture.network(.put, "routers/\(router)/add_router_interface", leg).status == 200)
            #expect(try await fixture.network(.delete, "subnets/\(subnet)").status == 409)
            #expect(try await fixture.network(.put, "routers/\(router)/remove_router_interface", leg).status == 200)
            let isOwn = mode != "dhcpv6-stateful"
            #expect(try await fixture.network(.delete, "subnets/\(subnet)").status == (isOwn ? 204 : 409))
            let left = try await fixture.network(.get, "ports/\(port)")
            #expect(left.count("port.fixed_ips") == (isOwn ? 0 : 1), "\(left)")
            #expect(try await fixture.network(.delete, "networks/\(network)").status == 409)
            #expect(try await fixture.network(.delete, "ports/\(port)").status == 204)
            #expect(try await fixture.network(.delete, "networks/\(network)").status == 204)
        }
    }
}
