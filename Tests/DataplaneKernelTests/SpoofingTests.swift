import Foundation
import HostProtocol
import Model
import Testing

@testable import Dataplane

/// What the guest `a` sends that no guest may send. Each frame carries a word by which it is known wherever and however
/// it arrives; behind them goes an honest frame, so what is not there when that is has been dropped.
private struct Forger {
    let own = (mac: "fa:16:3e:01:01:01", ip: "10.0.0.11", ip6: "fe80::f816:3eff:fe01:101")
    let victim = (mac: "fa:16:3e:01:01:02", ip: "10.0.0.12")
    let gateway = (mac: "fa:16:3e:01:00:01", ip: "10.0.0.1")
    let nodes = "ff02::1"
    let nodesMAC = "33:33:00:00:00:01"

    private func word(_ name: String) -> [UInt8] { Array("<\(name)>".utf8) }

    func ip(_ name: String, mac: String? = nil, ip: String? = nil) throws -> [UInt8] {
        let datagram = Frame.udp(from: 4000, to: 4001, word(name))
        return try Frame.ethernet(
            0x0800, from: mac ?? own.mac, to: victim.mac,
            Frame.ipv4(from: ip ?? own.ip, to: victim.ip, transport: 17, datagram))
    }

    func arp(_ name: String, mac: String? = nil, hardware: String? = nil, ip: String? = nil) throws -> [UInt8] {
        try Frame.ethernet(
            0x0806, from: mac ?? own.mac, to: victim.mac,
            Frame.arp(hardware: hardware ?? own.mac, address: ip ?? own.ip, tag: "<\(name)>"))
    }

    func dhcpServer(_ name: String) throws -> [UInt8] {
        let offer = Frame.udp(from: 67, to: 68, [2, 1, 6, 0] + word(name) + [UInt8](repeating: 0, count: 240))
        return try Frame.ethernet(
            0x0800, from: own.mac, to: Frame.everyone,
            Frame.ipv4(from: own.ip, to: "255.255.255.255", transport: 17, offer))
    }

    func ip6(_ next: UInt8, _ payload: [UInt8], from source: String? = nil) throws -> [UInt8] {
        try Frame.ethernet(
            0x86dd, from: own.mac, to: nodesMAC,
            Frame.ipv6(from: source ?? own.ip6, to: nodes, next: next, payload))
    }

    func udp6(_ name: String, from source: UInt16, to target: UInt16) throws -> [UInt8] {
        try Frame.udp6(from: (own.ip6, source), to: (nodes, target), word(name))
    }

    /// A router advertisement with a lifetime, and the word in an option nobody knows.
    func advertisement(_ name: String, from source: String? = nil) throws -> [UInt8] {
        var option = [253, 0] + word(name)
        option += [UInt8](repeating: 0, count: (8 - option.count % 8) % 8)
        option[1] = UInt8(option.count / 8)
        return try Frame.icmp6(
            134, from: source ?? own.ip6, to: nodes, [64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0] + option)
    }

    /// That another address is at this guest's MAC, or that another router is nearer.
    func neighbour(_ type: UInt8, _ name: String, of target: String) throws -> [UInt8] {
        try Frame.icmp6(
            type, from: own.ip6, to: nodes,
            [0x20, 0, 0, 0] + IPAddress(planned: target).bytes + (type == 137 ? IPAddress(planned: target).bytes : [])
                + word(name))
    }

    /// A message behind an extension header, in two fragments, of which the first has the message's first eight bytes,
    /// or none of it (RFC 7113).
    func fragments(_ next: UInt8, _ message: [UInt8], hidden: Bool = false) throws -> [[UInt8]] {
        let whole = Frame.padding(next: next) + message
        let first = hidden ? 8 : 16
        return try [
            ip6(44, Frame.fragment(next: 60, offset: 0, more: true) + whole.prefix(first)),
            ip6(44, Frame.fragment(next: 60, offset: first, more: false) + whole.dropFirst(first)),
        ]
    }
}

extension KernelSuites {
    @Suite struct SpoofingTests {
        private let forger = Forger()

        /// Two guests whose groups let everything in and out, so that only the source rules stand between them.
        private func open(_ lab: Lab) async throws {
            let ports = [Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, host: 12, groups: [1])]
            try await lab.plug("a", ports[0], address: "10.0.0.11")
            try await lab.plug("b", ports[1], address: "10.0.0.12")
            var group = Shapes.group(1, tcp: [])
            group.rules = [TopologySecurityGroup.Rule.Direction.ingress, .egress].flatMap { direction in
                [.init(direction: direction, etherType: .ipv4), .init(direction: direction, etherType: .ipv6)]
            }
            try await lab.dataplane.converge(
                NetworkTopology(
                    networks: [Shapes.network(1)], ports: ports, securityGroups: [group]))
        }

        /// The names of those frames whose words reach `b`.
        private func arrivals(_ lab: Lab, of frames: [(name: String, frames: [[UInt8]])]) async throws -> [String] {
            let sender = try await lab.frames(of: "a")
            let receiver = try await lab.frames(of: "b")
            for frame in frames.flatMap(\.frames) { try sender.send(frame) }
            try sender.send(forger.ip("the last"))
            let seen = try #require(receiver.frames(until: "<the last>"))
            return frames.map(\.name).filter { name in seen.contains { $0.holds("<\(name)>") } }
        }

        @Test func honestFramesOfEachKindArrive() async throws {
            try await withLab { lab in
                try await open(lab)
                let frames: [(String, [[UInt8]])] = try [
                    ("ip", [forger.ip("ip")]), ("arp", [forger.arp("arp")]),
                    ("udp6", [forger.ip6(17, forger.udp6("udp6", from: 4000, to: 4001))]),
                    (
                        "behind a header",
                        [forger.ip6(60, Frame.padding(next: 17) + forger.udp6("behind a header", from: 4000, to: 4001))]
                    ),
                    ("in fragments", forger.fragments(17, forger.udp6("in fragments", from: 4000, to: 4001))),
                    ("neighbour", [forger.ip6(58, forger.neighbour(136, "neighbour", of: forger.own.ip6))]),
                ]
                let arrived = try await arrivals(lab, of: frames)
                #expect(arrived == frames.map(\.0))
            }
        }

        @Test func aForeignMACOrAddressIsDropped() async throws {
            try await withLab { lab in
                try await open(lab)
                let (other, gateway) = ("fa:16:3e:99:99:99", forger.gateway)
                let frames: [(String, [[UInt8]])] = try [
                    ("mac", [forger.ip("mac", mac: other)]), ("address", [forger.ip("address", ip: "10.0.0.77")]),
                    ("victim's address", [forger.ip("victim's address", ip: forger.victim.ip)]),
                    ("gateway", [forger.ip("gateway", mac: gateway.mac, ip: gateway.ip)]),
                    ("outside", [forger.ip("outside", ip: "8.8.8.8")]),
                    ("metadata", [forger.ip("metadata", ip: metadataAddress)]),
                    ("arp address", [forger.arp("arp address", ip: gateway.ip)]),
                    ("arp hardware", [forger.arp("arp hardware", hardware: gateway.mac, ip: gateway.ip)]),
                    ("arp mac", [forger.arp("arp mac", mac: gateway.mac)]),
                    ("arp other", [forger.arp("arp other", hardware: other)]),
                    (
                        "ip6 address",
                        [
                            try Frame.ethernet(
                                0x86dd, from: forger.own.mac, to: forger.nodesMAC,
                                Frame.ipv6(
                                    from: "fe80::1", to: forger.nodes, next: 17,
                                    Frame.udp6(
                                        from: ("fe80::1", 4000), to: (forger.nodes, 4001), Array("<ip6 address>".utf8)))
                            )
                        ]
                    ),
                ]
                let arrived = try await arrivals(lab, of: frames)
                #expect(arrived == [])
            }
        }

        @Test func aServerOfDHCPIsDropped() async throws {
            try await withLab { lab in
                try await open(lab)
                let six = try forger.udp6("six", from: 547, to: 546)
                let frames: [(String, [[UInt8]])] = try [
                    ("four", [forger.dhcpServer("four")]), ("six", [forger.ip6(17, six)]),
                    ("six in two", forger.fragments(17, forger.udp6("six in two", from: 547, to: 546))),
                    ("six hidden", forger.fragments(17, forger.udp6("six hidden", from: 547, to: 546), hidden: true)),
                ]
                let arrived = try await arrivals(lab, of: frames)
                #expect(arrived == [])
            }
        }

        /// Also behind extension headers and in fragments, where a filter that looks at the first header finds nothing.
        @Test func aRouterThatIsNoneIsDropped() async throws {
            try await withLab { lab in
                try await open(lab)
                let frames: [(String, [[UInt8]])] = try [
                    ("plain", [forger.ip6(58, forger.advertisement("plain"))]),
                    ("other", [forger.ip6(58, forger.advertisement("other", from: "fe80::1"), from: "fe80::1")]),
                    ("hop by hop", [forger.ip6(0, Frame.padding(next: 58) + forger.advertisement("hop by hop"))]),
                    (
                        "two headers",
                        [
                            forger.ip6(
                                0,
                                Frame.padding(next: 60) + Frame.padding(next: 58) + forger.advertisement("two headers"))
                        ]
                    ),
                    ("in two", forger.fragments(58, forger.advertisement("in two"))),
                    ("hidden", forger.fragments(58, forger.advertisement("hidden"), hidden: true)),
                    ("redirect", [forger.ip6(58, forger.neighbour(137, "redirect", of: "fe80::1"))]),
                    ("neighbour", [forger.ip6(58, forger.neighbour(136, "neighbour", of: "fe80::1"))]),
                    (
                        "neighbour in two",
                        forger.fragments(58, forger.neighbour(136, "neighbour in two", of: "fe80::1"))
                    ),
                ]
                let arrived = try await arrivals(lab, of: frames)
                #expect(arrived == [])
            }
        }

        @Test func whatIsNeitherIPNorARPIsDropped() async throws {
            try await withLab { lab in
                try await open(lab)
                func inner(_ name: String) throws -> [UInt8] { Array(try forger.ip(name).dropFirst(12)) }
                let frames: [(String, [[UInt8]])] = try [
                    ("vlan", 0x8100, [0, 7]), ("service vlan", 0x88a8, [0, 7]), ("rarp", 0x8035, []),
                    ("lldp", 0x88cc, []), ("length", 46, [0x42, 0x42, 3]), ("mpls", 0x8847, [0, 0, 1, 64]),
                ].map { (name: String, type: UInt16, tag: [UInt8]) in
                    (name, [try Frame.ethernet(type, from: forger.own.mac, to: Frame.everyone, tag + inner(name))])
                }
                let arrived = try await arrivals(lab, of: frames)
                #expect(arrived == [])
            }
        }
    }
}
