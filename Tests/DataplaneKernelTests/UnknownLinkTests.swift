import HostProtocol
import Model
import Testing
import Tools

@testable import Dataplane

extension KernelSuites {
    /// Links on a cloud's bridges that the rules do not know by their names.
    @Suite struct UnknownLinkTests {
        /// Two guests on a network that lets everything in and out, with a router to an external network.
        private func open(_ lab: Lab) async throws -> NetworkTopology {
            let ports = [Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, host: 12, groups: [1])]
            try await lab.plug("a", ports[0], address: "10.0.0.11")
            try await lab.plug("b", ports[1], address: "10.0.0.12")
            var group = Shapes.group(1, tcp: [])
            group.rules = [TopologySecurityGroup.Rule.Direction.ingress, .egress].flatMap { direction in
                [.init(direction: direction, etherType: .ipv4), .init(direction: direction, etherType: .ipv6)]
            }
            let topology = NetworkTopology(
                networks: [Shapes.network(1), Shapes.external(lab)], ports: ports,
                routers: [Shapes.router(lab)], securityGroups: [group])
            try await lab.dataplane.converge(topology)
            return topology
        }

        private func rename(_ link: String, to name: String) async throws {
            try await Tool.ip(["link set \(link) down", "link set \(link) name \(name)", "link set \(name) up"])
        }

        /// Plugs a namespace in a bridge, by a link that is in no plan.
        private func plugStranger(_ lab: Lab, _ name: String, in bridge: String, address: String) async throws {
            let (link, namespace) = ("lab\(lab.tag)\(name)", lab.guestNamespace(name))
            try await Tool.run("ip", ["netns", "add", namespace])
            try await Tool.ip([
                "link add \(link) type veth peer name eth0 netns \(namespace)", "link set \(link) master \(bridge) up",
            ])
            try await Tool.ip(["link set eth0 up", "addr add \(address)/24 dev eth0"], in: namespace)
        }

        @Test func aRenamedTapPassesNothing() async throws {
            try await withLab { lab in
                let topology = try await open(lab)
                let everyone = ["10.0.0.12", "10.0.0.1", "10.0.0.2"]
                for address in everyone { #expect(try await lab.ping("a", address), "\(address)") }
                try await rename(lab.names.tap(topology.ports[0].id), to: "lab\(lab.tag)a")
                for address in everyone { #expect(try await !lab.ping("a", address), "\(address)") }
                #expect(try await !lab.ping("b", "10.0.0.11"))
                try await rename(lab.names.tap(topology.ports[1].id), to: "lab\(lab.tag)b")
                #expect(try await !lab.ping("a", "10.0.0.12"))
            }
        }

        /// Not even a false MAC reaches the bridge's table.
        @Test func aBridgeLearnsNothingFromARenamedTap() async throws {
            try await withLab { lab in
                let topology = try await open(lab)
                let (gateway, bridge) = ("fa:16:3e:01:00:01", lab.names.bridge(Shapes.network(1).id))
                #expect(try await lab.ping("b", "10.0.0.1"))
                try await rename(lab.names.tap(topology.ports[0].id), to: "lab\(lab.tag)a")
                let frame = try Frame.ethernet(
                    0x0806, from: gateway, to: Frame.everyone,
                    Frame.arp(hardware: gateway, address: "10.0.0.1", tag: "false"))
                for _ in 0..<3 { try await lab.frames(of: "a").send(frame) }
                let table = try await Tool.run("bridge", ["fdb", "show", "br", bridge])
                #expect(table.contains("\(gateway) dev \(lab.names.legPrefix)"), "\(table)")
                #expect(!table.contains("\(gateway) dev lab"), "\(table)")
            }
        }

        @Test func aStrangersLinkReachesNobody() async throws {
            try await withLab { lab in
                let topology = try await open(lab)
                let bridge = lab.names.bridge(topology.networks[0].id)
                try await plugStranger(lab, "x", in: bridge, address: "10.0.0.98")
                try await plugStranger(lab, "y", in: bridge, address: "10.0.0.99")
                for address in ["10.0.0.11", "10.0.0.1", "10.0.0.2", "10.0.0.99"] {
                    #expect(try await !lab.ping("x", address), "\(address)")
                }
                #expect(try await !lab.ping("a", "10.0.0.98"))
                #expect(try await lab.ping("a", "10.0.0.12"))
                let external = lab.names.bridge(topology.networks[1].id)
                try await plugStranger(lab, "z", in: external, address: lab.external(50))
                for host in [1, 10] { #expect(try await !lab.ping("z", lab.external(host)), "\(host)") }
            }
        }

        /// Each cloud's rules see the packets of all bridges, also those that have, as here, no network's mark.
        @Test func aSecondCloudTakesNoLinksOfTheFirstForStrangers() async throws {
            try await withLab { first in
                _ = try await open(first)
                try await withLab { second in
                    _ = try await open(second)
                    try await Tool.run("nft", ["flush", "chain", "bridge", first.names.table, "arrival"])
                    #expect(try await first.ping("a", "10.0.0.12"))
                }
            }
        }

        /// What was renamed is the same link afterwards: whatever holds its other end goes on.
        @Test(arguments: ["tap", "leg", "bridge"])
        func aRenamedLinkGetsItsNameBack(kind: String) async throws {
            try await withLab { lab in
                let topology = try await open(lab)
                let names = [
                    "tap": lab.names.tap(topology.ports[0].id), "bridge": lab.names.bridge(topology.networks[0].id),
                    "leg": lab.names.legOutside(topology.routers[0].interfaces[0].port.portID),
                ]
                let name = try #require(names[kind])
                let index = try await LinkState.read()[name]?.ifindex
                try await rename(name, to: "lab\(lab.tag)r")
                try await lab.dataplane.converge(topology)
                let present = try await LinkState.read()
                #expect(present[name]?.ifindex == index)
                #expect(present["lab\(lab.tag)r"] == nil)
                for address in ["10.0.0.12", "10.0.0.1", "10.0.0.2"] {
                    #expect(try await eventually { try await lab.ping("a", address) }, "\(address)")
                }
            }
        }

        /// As where an earlier release has made a second tap of the name.
        @Test func aRenamedTapTakesThePlaceOfOneThatNobodyHolds() async throws {
            try await withLab { lab in
                let topology = try await open(lab)
                let name = lab.names.tap(topology.ports[0].id)
                try await rename(name, to: "lab\(lab.tag)r")
                try await Tool.ip(["tuntap add dev \(name) mode tap vnet_hdr", "link set \(name) up"])
                try await lab.dataplane.converge(topology)
                #expect(try await LinkState.read()["lab\(lab.tag)r"] == nil)
                #expect(try await eventually { try await lab.ping("a", "10.0.0.12") })
            }
        }

        @Test func aRenamedLinkThatIsNotWantedGoes() async throws {
            try await withLab { lab in
                var topology = try await open(lab)
                try await rename(lab.names.tap(topology.ports[0].id), to: "lab\(lab.tag)r")
                topology.ports.removeFirst()
                try await lab.dataplane.converge(topology)
                #expect(try await LinkState.read()["lab\(lab.tag)r"] == nil)
            }
        }
    }
}
