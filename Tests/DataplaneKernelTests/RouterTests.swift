import Foundation
import HostProtocol
import Model
import Testing
import Tools

@testable import Dataplane

extension KernelSuites {
    @Suite struct RouterTests {
        /// One guest behind a router, and the internet.
        private func routed(_ lab: Lab, floating: [(Int, String)]) async throws -> NetworkTopology {
            let ports = [Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, host: 12, groups: [1])]
            try await lab.plug("a", ports[0], address: "10.0.0.11", gateway: "10.0.0.1")
            try await lab.plug("b", ports[1], address: "10.0.0.12", gateway: "10.0.0.1")
            try await lab.makeInternet()
            return NetworkTopology(
                networks: [Shapes.network(1), Shapes.external(lab)], ports: ports,
                routers: [Shapes.router(lab, floating: floating)], securityGroups: [Shapes.group(1, tcp: [7000])])
        }

        @Test func outwardThroughTheRouterAndTheHost() async throws {
            try await withLab { lab in
                try await lab.dataplane.converge(routed(lab, floating: []))
                let server = try await NamespaceThread.run(in: lab.internetNamespace) { Socket.listener("0.0.0.0", 80) }
                let client = try #require(try await lab.connect("a", to: lab.internet(2), 80))
                let (session, peer) = try #require(server.accept())
                #expect(peer == lab.internet(1))
                session.send("welcome")
                #expect(client.receive() == "welcome")
                // What the machine's own cloud keeps at the link-local address is not for guests.
                #expect(try await lab.connect("a", to: "169.254.169.254", 80, timeout: 0.5) == nil)
            }
        }

        @Test func floatingAddressInOutAndGone() async throws {
            try await withLab { lab in
                var topology = try await routed(lab, floating: [(20, "10.0.0.11")])
                try await lab.dataplane.converge(topology)
                let server = try await lab.listen("a", "10.0.0.11", 7000)
                let address = lab.external(20)
                // From the host itself.
                let client = try #require(Socket.connection(to: address, 7000, timeout: 3))
                let (session, peer) = try #require(server.accept())
                #expect(peer == lab.external(1))
                session.send("floating")
                #expect(client.receive() == "floating")
                // From another machine that routes the external range to this host.
                try await Tool.ip(
                    ["route add \(lab.external(0))/24 via \(lab.internet(1))"], in: lab.internetNamespace)
                let remote = try await NamespaceThread.run(in: lab.internetNamespace) {
                    Socket.connection(to: address, 7000, timeout: 3)
                }
                #expect(remote != nil)
                #expect(server.accept()?.1 == lab.internet(2))
                // From inside, by a neighbour: answers must come back by the router.
                #expect(try await lab.connect("b", to: address, 7000) != nil)
                #expect(server.accept()?.1 == lab.external(10))
                // Outward, the guest appears under its floating address.
                let outside = Socket.listener(lab.external(1), 7777)
                #expect(try await lab.connect("a", to: lab.external(1), 7777) != nil)
                #expect(outside.accept()?.1 == address)

                topology.routers = [Shapes.router(lab)]
                try await lab.dataplane.converge(topology)
                session.send("from the guest")
                #expect(client.receive(within: 0.5) == nil)
                #expect(Socket.connection(to: address, 7000, timeout: 0.5) == nil)
            }
        }

        /// Between two networks of one router, and not when their addresses are of different scopes; a floating address
        /// is reached all the same.
        @Test func nothingCrossesScopes() async throws {
            try await withLab { lab in
                var second = Shapes.network(2)
                second.subnets[0].cidr = "10.0.1.0/24"
                second.subnets[0].gateway = "10.0.1.1"
                second.dhcpPort?.addresses[0].address = "10.0.1.2"
                var ports = [Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, network: 2, host: 11, groups: [1])]
                ports[1].addresses[0].address = "10.0.1.11"
                try await lab.plug("a", ports[0], address: "10.0.0.11", gateway: "10.0.0.1")
                try await lab.plug("b", ports[1], address: "10.0.1.11", gateway: "10.0.1.1")
                var router = Shapes.router(lab, floating: [(21, "10.0.1.11")])
                router.interfaces.append(
                    .init(
                        networkID: second.id,
                        port: TopologyAddressedPort(
                            portID: PortID(Shapes.id("d1", 2)), macAddress: "fa:16:3e:02:00:01",
                            addresses: [TopologyAddress(subnetID: second.subnets[0].id, address: "10.0.1.1")])))
                var topology = NetworkTopology(
                    networks: [Shapes.network(1), second, Shapes.external(lab)], ports: ports,
                    routers: [router], securityGroups: [Shapes.group(1, tcp: [7000])])
                try await lab.dataplane.converge(topology)
                let server = try await lab.listen("b", "10.0.1.11", 7000)
                #expect(try await lab.connect("a", to: "10.0.1.11", 7000) != nil)
                #expect(server.accept() != nil)
                topology.routers[0].interfaces[1].ipv4Scope = AddressScopeID(Shapes.id("5c", 1))
                try await lab.dataplane.converge(topology)
                #expect(try await lab.connect("a", to: "10.0.1.11", 7000, timeout: 0.5) == nil)
                #expect(try await lab.connect("a", to: lab.external(21), 7000) != nil)
                #expect(server.accept() != nil)
                topology.routers[0].interfaces[0].ipv4Scope = AddressScopeID(Shapes.id("5c", 1))
                try await lab.dataplane.converge(topology)
                #expect(try await lab.connect("a", to: "10.0.1.11", 7000) != nil)
            }
        }

        @Test func floatingAddressMovesToAnotherGuest() async throws {
            try await withLab { lab in
                var topology = try await routed(lab, floating: [(20, "10.0.0.11")])
                try await lab.dataplane.converge(topology)
                let first = try await lab.listen("a", "10.0.0.11", 7000)
                let second = try await lab.listen("b", "10.0.0.12", 7000)
                let client = try #require(Socket.connection(to: lab.external(20), 7000, timeout: 3))
                let (session, _) = try #require(first.accept())
                topology.routers = [Shapes.router(lab, floating: [(20, "10.0.0.12")])]
                try await lab.dataplane.converge(topology)
                client.send("who?")
                #expect(session.receive(within: 0.5) == nil)
                #expect(Socket.connection(to: lab.external(20), 7000, timeout: 3) != nil)
                #expect(second.accept() != nil)
            }
        }

        @Test func aGuestOnTheExternalNetworkIsFilteredToo() async throws {
            try await withLab { lab in
                var topology = NetworkTopology(networks: [Shapes.external(lab)])
                var port = Shapes.port(1, host: 11, groups: [1])
                port.networkID = Shapes.external(lab).id
                port.addresses = [
                    TopologyAddress(subnetID: Shapes.external(lab).subnets[0].id, address: lab.external(30))
                ]
                topology.ports = [port]
                topology.securityGroups = [Shapes.group(1, tcp: [7000])]
                try await lab.plug("x", port, address: lab.external(30), gateway: lab.external(1))
                try await lab.makeInternet()
                try await lab.dataplane.converge(topology)
                let open = try await lab.listen("x", lab.external(30), 7000)
                let shut = try await lab.listen("x", lab.external(30), 7001)
                let client = try #require(Socket.connection(to: lab.external(30), 7000, timeout: 3))
                let (session, _) = try #require(open.accept())
                session.send("hello")
                #expect(client.receive() == "hello")
                #expect(Socket.connection(to: lab.external(30), 7001, timeout: 0.5) == nil)
                let server = try await NamespaceThread.run(in: lab.internetNamespace) { Socket.listener("0.0.0.0", 80) }
                #expect(try await lab.connect("x", to: lab.internet(2), 80) != nil)
                #expect(server.accept()?.1 == lab.internet(1))
                _ = shut
            }
        }

        @Test func floatingAddressesOfTheLAN() async throws {
            try await withLab(onLAN: true) { lab in
                var topology = try await routed(lab, floating: [])
                // A quarter of the LAN's own range: its machines have no route to this host, they ask by ARP.
                topology.networks[1].subnets[0].cidr = lab.internet(192) + "/26"
                topology.networks[1].subnets[0].gateway = lab.internet(193)
                topology.routers[0].gateway?.port.addresses[0].address = lab.internet(200)
                topology.routers[0].floatingIPs = [
                    .init(id: FloatingIPID("f"), floatingAddress: lab.internet(201), fixedAddress: "10.0.0.11")
                ]
                try await lab.dataplane.converge(topology)
                let server = try await lab.listen("a", "10.0.0.11", 7000)
                func knock(_ timeout: Double) async throws -> Bool {
                    try await NamespaceThread.run(in: lab.internetNamespace) {
                        Socket.connection(to: lab.internet(201), 7000, timeout: timeout) != nil
                    }
                }
                #expect(try await knock(3))
                #expect(server.accept()?.1 == lab.internet(2))
                topology.routers[0].floatingIPs = []
                try await lab.dataplane.converge(topology)
                #expect(try await !knock(0.5))
                // Whoever destroys it need not know the interface.
                try await Lab.makeDataplane(lab.tag).destroy()
                let proxies = try await Tool.run("ip", ["neigh", "show", "proxy", "dev", "lab\(lab.tag)"])
                #expect(proxies.isEmpty)
            }
        }
    }
}
