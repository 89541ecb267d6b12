import Foundation
import HostProtocol
import Model
import Testing
import Tools

@testable import Dataplane

extension KernelSuites {
    /// What the auditor says of a network that somebody has broken, and that it says nothing once it is mended.
    @Suite struct NetworkAuditTests {
        /// Names of what a lab has made.
        struct Parts {
            let tap: String
            let bridge: String
            let leg: String
            let inside: String
            let router: String
            let table: String
            let chain: String
            let external: String
            let gateway: String
        }

        struct Damage: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var commands: @Sendable (Parts) -> [[String]]
            var line: @Sendable (Parts) -> String

            init(
                _ name: String, _ commands: @escaping @Sendable (Parts) -> [[String]],
                _ line: @escaping @Sendable (Parts) -> String
            ) {
                testDescription = name
                self.commands = commands
                self.line = line
            }
        }

        private static func link(_ words: String...) -> [String] { ["ip", "link"] + words }

        private static let links = [
            Damage("a tap is down", { [link("set", $0.tap, "down")] }, { "link: \($0.tap) is down, should be up" }),
            Damage(
                "a tap is on no bridge", { [link("set", $0.tap, "nomaster")] },
                { "link: \($0.tap) is on no bridge, should be on \($0.bridge)" }),
            Damage(
                "a tap is on another bridge", { [link("set", $0.tap, "master", $0.external)] },
                { "link: \($0.tap) is on \($0.external), should be on \($0.bridge)" }),
            Damage(
                "a tap has another MTU", { [link("set", $0.tap, "mtu", "1300")] },
                { "link: \($0.tap) has MTU 1300, should have 1450" }),
            Damage(
                "a tap is renamed",
                { [link("set", $0.tap, "down"), link("set", $0.tap, "name", "x\($0.tap.dropFirst())")] },
                { "link: \($0.tap) is called x\($0.tap.dropFirst())" }),
            Damage("a leg is deleted", { [link("del", $0.leg)] }, { "link: \($0.leg) is not there" }),
            Damage("a leg is down", { [link("set", $0.leg, "down")] }, { "link: \($0.leg) is down, should be up" }),
            Damage(
                "a bridge is down", { [link("set", $0.bridge, "down")] }, { "link: \($0.bridge) is down, should be up" }
            ),
            Damage(
                "a bridge is not filtered", { [link("set", $0.bridge, "type", "bridge", "nf_call_iptables", "0")] },
                { "link: \($0.bridge) does not pass its packets to the rules, should" }),
        ]

        private static let insides = [
            Damage(
                "a leg is down inside", { [["ip", "-n", $0.router, "link", "set", $0.inside, "down"]] },
                { "link: \($0.inside) in \($0.router) is down, should be up" }),
            Damage(
                "a leg has lost its address", { [["ip", "-n", $0.router, "addr", "flush", "dev", $0.inside]] },
                { "address: 10.0.0.1/24 on \($0.inside) in \($0.router) is not there" }),
            Damage(
                "a router has no default route", { [["ip", "-n", $0.router, "route", "del", "default"]] },
                { "route: default via \($0.gateway) in \($0.router) is not there" }),
            Damage(
                "a router is gone", { [["ip", "netns", "del", $0.router]] },
                { "namespace: \($0.router) is not there" }),
            Damage(
                "a router translates nothing",
                { [["ip", "netns", "exec", $0.router, "nft", "flush", "chain", "ip", $0.table, "postrouting"]] },
                { "chain: postrouting in \($0.router) lacks 'oifname" }),
        ]

        private static let rules = [
            Damage(
                "a port's chain is flushed", { [["nft", "flush", "chain", "bridge", $0.table, $0.chain]] },
                { "chain: \($0.chain) of \($0.tap) lacks 'ether type arp accept'" }),
            Damage(
                "a port receives more", { [["nft", "insert", "rule", "bridge", $0.table, $0.chain, "accept"]] },
                { "chain: \($0.chain) of \($0.tap) has 'accept', should not" }),
            Damage(
                "no rules are loaded", { [["nft", "delete", "table", "bridge", $0.table]] },
                { "chain: \($0.chain) of \($0.tap) is not there" }),
        ]

        private func parts(_ lab: Lab, _ topology: NetworkTopology) -> Parts {
            let (port, router) = (topology.ports[0].id, topology.routers[0])
            let leg = router.interfaces[0].port.portID
            return Parts(
                tap: lab.names.tap(port), bridge: lab.names.bridge(topology.networks[0].id),
                leg: lab.names.legOutside(leg), inside: lab.names.legInside(leg),
                router: lab.names.routerNamespace(router.id),
                table: lab.names.table, chain: "to_\(short(port.text))",
                external: lab.names.bridge(topology.networks[1].id), gateway: lab.external(1))
        }

        private func made(_ lab: Lab) async throws -> NetworkTopology {
            let port = Shapes.port(1, host: 11, groups: [1])
            try await lab.plug("a", port, address: "10.0.0.11")
            let topology = NetworkTopology(
                networks: [Shapes.network(1), Shapes.external(lab)], ports: [port],
                routers: [Shapes.router(lab)], securityGroups: [Shapes.group(1, tcp: [7000])])
            try await lab.dataplane.converge(topology)
            return topology
        }

        @Test(arguments: links + insides + rules) func whatIsBrokenIsNamedUntilItIsMended(damage: Damage) async throws {
            try await withLab { lab in
                let topology = try await made(lab)
                #expect(try await lab.dataplane.differences(from: topology) == [])
                let parts = parts(lab, topology)
                for command in damage.commands(parts) { try await Tool.run(command[0], Array(command.dropFirst())) }
                let found = try await lab.dataplane.differences(from: topology)
                #expect(found.contains { $0.hasPrefix(damage.line(parts)) }, "\(found)")
                try await lab.dataplane.converge(topology)
                #expect(try await lab.dataplane.differences(from: topology) == [])
            }
        }

        @Test func aLinkThatNobodyKnowsIsNamed() async throws {
            try await withLab { lab in
                let topology = try await made(lab)
                let (link, bridge) = ("lab\(lab.tag)", lab.names.bridge(topology.networks[0].id))
                try await Tool.ip(["tuntap add dev \(link) mode tap", "link set \(link) master \(bridge) up"])
                #expect(
                    try await lab.dataplane.differences(from: topology) == [
                        "link: \(link) is on \(bridge), should not be: the rules do not know it, and it passes nothing"
                    ])
            }
        }

        @Test func aKilledDnsmasqIsNamed() async throws {
            try await withLab { lab in
                let topology = try await made(lab)
                let directory = "\(lab.names.runDirectory)/dhcp-\(short(topology.networks[0].id.text))"
                kill(try #require(DnsmasqDaemon.pid(in: directory)), SIGKILL)
                #expect(try await eventually { DnsmasqDaemon.pid(in: directory) == nil })
                #expect(
                    try await lab.dataplane.differences(from: topology) == [
                        "dhcp: network \(topology.networks[0].id) has no dnsmasq, should have one"
                    ])
            }
        }

        /// As a tap that was deleted under a guest and made again.
        @Test func aTapThatNothingHoldsIsIdle() async throws {
            try await withLab { lab in
                var topology = try await made(lab)
                topology.ports.append(Shapes.port(2, host: 12, groups: [1]))
                topology.ports.append(Shapes.port(3, host: 13, groups: [1]))
                topology.ports[2].adminStateUp = false
                try await lab.dataplane.converge(topology)
                #expect(try await lab.dataplane.idleTaps() == [lab.names.tap(topology.ports[1].id)])
            }
        }
    }
}
