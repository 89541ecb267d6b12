import Foundation
import HostProtocol
import Model
import Testing
import Tools

@testable import Dataplane

extension KernelSuites {
    @Suite struct KernelTests {
        /// Two guests, 11 and 12, on one network; TCP 7000 is let in to group 1.
        private func pair(_ lab: Lab) async throws -> NetworkTopology {
            let ports = [Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, host: 12, groups: [1])]
            try await lab.plug("a", ports[0], address: "10.0.0.11")
            try await lab.plug("b", ports[1], address: "10.0.0.12")
            return NetworkTopology(
                networks: [Shapes.network(1)], ports: ports,
                securityGroups: [Shapes.group(1, tcp: [7000])])
        }

        @Test func groupsAllowDenyAndLetAnswersBack() async throws {
            try await withLab { lab in
                try await lab.dataplane.converge(pair(lab))
                let open = try await lab.listen("b", "10.0.0.12", 7000)
                let shut = try await lab.listen("b", "10.0.0.12", 7001)
                let client = try #require(try await lab.connect("a", to: "10.0.0.12", 7000))
                let (server, peer) = try #require(open.accept())
                #expect(peer == "10.0.0.11")
                client.send("question")
                #expect(server.receive() == "question")
                server.send("answer")
                #expect(client.receive() == "answer")
                #expect(try await lab.connect("a", to: "10.0.0.12", 7001, timeout: 0.5) == nil)
                _ = shut
            }
        }

        @Test func equalConnectionsOnTwoNetworksAtOnce() async throws {
            try await withLab { lab in
                try await lab.dataplane.converge(lab.twins(tcp: [1: [7000, 7001], 2: [7000]]))
                // The same addresses and ports on both networks, all open at the same time.
                var sessions: [(name: String, client: Socket, server: Socket)] = []
                for name in ["1", "2"] {
                    let listener = try await lab.listen("b" + name, "10.0.0.12", 7000)
                    let client = try #require(
                        try await lab.connect("a" + name, to: "10.0.0.12", 7000, from: ("10.0.0.11", 5555)))
                    sessions.append((name, client, try #require(listener.accept()).0))
                }
                for session in sessions {
                    session.client.send("question " + session.name)
                    session.server.send("answer " + session.name)
                }
                for session in sessions {
                    #expect(session.server.receive() == "question " + session.name)
                    #expect(session.client.receive() == "answer " + session.name)
                }
                // What is established on one network opens nothing on the other.
                let first = try await lab.listen("b1", "10.0.0.12", 7001)
                let second = try await lab.listen("b2", "10.0.0.12", 7001)
                let client = try await lab.connect("a1", to: "10.0.0.12", 7001, from: ("10.0.0.11", 5556))
                let session = first.accept()
                #expect(client != nil && session != nil)
                let other = try await lab.connect(
                    "a2", to: "10.0.0.12", 7001, from: ("10.0.0.11", 5556), timeout: 0.5)
                #expect(other == nil)
                _ = second
            }
        }

        @Test func removingARuleEndsWhatItAllowed() async throws {
            try await withLab { lab in
                var topology = try await pair(lab)
                // The client lets everything in, so that nothing on its side stops the server's data.
                var trusting = Shapes.group(2, tcp: [])
                trusting.rules.append(.init(direction: .ingress, etherType: .ipv4))
                topology.ports[0].securityGroups = [trusting.id]
                topology.securityGroups = [Shapes.group(1, tcp: [7000, 7001]), trusting]
                try await lab.dataplane.converge(topology)
                let goes = try await lab.listen("b", "10.0.0.12", 7000)
                let stays = try await lab.listen("b", "10.0.0.12", 7001)
                let first = try #require(try await lab.connect("a", to: "10.0.0.12", 7000))
                let second = try #require(try await lab.connect("a", to: "10.0.0.12", 7001))
                let (firstServer, _) = try #require(goes.accept())
                let (secondServer, _) = try #require(stays.accept())
                topology.securityGroups = [Shapes.group(1, tcp: [7001]), trusting]
                try await lab.dataplane.converge(topology)
                // The server's side may open connections outward; its data must not revive this one.
                firstServer.send("from the server")
                #expect(first.receive(within: 0.5) == nil)
                first.send("from the client")
                #expect(firstServer.receive(within: 0.5) == nil)
                second.send("still here")
                #expect(secondServer.receive() == "still here")
                topology.securityGroups = [Shapes.group(1, tcp: [7000, 7001]), trusting]
                try await lab.dataplane.converge(topology)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7000) != nil)
            }
        }

        @Test func whatWasCutIsForgottenWithItsNetwork() async throws {
            try await withLab { lab in
                var topology = try await pair(lab)
                topology.securityGroups = [Shapes.group(1, tcp: [7000])]
                try await lab.dataplane.converge(topology)
                let listener = try await lab.listen("b", "10.0.0.12", 7000)
                let client = try #require(try await lab.connect("a", to: "10.0.0.12", 7000))
                defer { withExtendedLifetime((listener, client)) {} }
                topology.securityGroups = [Shapes.group(1, tcp: [])]
                try await lab.dataplane.converge(topology)
                #expect(await lab.dataplane.cuts.count == 1)
                try await lab.dataplane.converge(NetworkTopology())
                #expect(await lab.dataplane.cuts.isEmpty)
            }
        }

        @Test func spoofedSourcesAreDropped() async throws {
            try await withLab { lab in
                let topology = try await pair(lab)
                try await lab.dataplane.converge(topology)
                let listener = try await lab.listen("b", "0.0.0.0", 7000)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7000) != nil)
                _ = listener.accept()
                let guest = lab.guestNamespace("a")
                try await Tool.ip(["addr add 10.0.0.77/24 dev eth0"], in: guest)
                let foreign = try await lab.connect("a", to: "10.0.0.12", 7000, from: ("10.0.0.77", 0), timeout: 0.5)
                #expect(foreign == nil)
                // ARP that claims the neighbour's address for this guest's MAC, then honest traffic behind it.
                let claim = try IPAddress(planned: "10.0.0.2")
                let mac = try MACAddress(planned: topology.ports[0].macAddress)
                _ = try await lab.connect("b", to: "10.0.0.2", 9, timeout: 0.5)
                try await NamespaceThread.announce(claim, mac: mac, link: "eth0", in: guest)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7000) != nil)
                let neighbours = try await Tool.run("ip", ["-n", lab.guestNamespace("b"), "neigh", "show", "10.0.0.2"])
                #expect(neighbours.contains("fa:16:3e:01:00:02"))
                try await Tool.ip(["link set eth0 address fa:16:3e:99:99:99"], in: guest)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7000, timeout: 0.5) == nil)
            }
        }

        @Test func dhcpThenMetadata() async throws {
            try await withLab { lab in
                let port = Shapes.port(1, host: 11, groups: [1])
                try await lab.plug("a", port)
                try await lab.dataplane.converge(
                    NetworkTopology(
                        networks: [Shapes.network(1)], ports: [port],
                        securityGroups: [Shapes.group(1, tcp: [])]))
                let lease = try await lab.lease("a")
                #expect(lease["ip"] == "10.0.0.11")
                #expect(lease["mtu"] == "1450")
                #expect(lease["hostname"] == "guest1")
                #expect(lease["router"] == "10.0.0.1")
                #expect(lease["staticroutes"]?.contains("169.254.169.254/32 10.0.0.2") == true)
                #expect(lease["staticroutes"]?.contains("0.0.0.0/0 10.0.0.1") == true)
                try await Tool.ip(
                    ["addr add 10.0.0.11/24 dev eth0", "route add 169.254.169.254/32 via 10.0.0.2"],
                    in: lab.guestNamespace("a"))
                let client = try #require(try await lab.connect("a", to: "169.254.169.254", 80))
                client.send(
                    "GET /openstack/latest/meta_data.json?x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n")
                let answer = client.receive() ?? ""
                #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
                #expect(answer.contains("GET /openstack/latest/meta_data.json 10.0.0.11 \(Shapes.network(1).id)"))
            }
        }

        @Test func hostsAreReadAgainByTheSameDaemon() async throws {
            try await withLab { lab in
                let ports = [Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, host: 12, groups: [1])]
                var topology = NetworkTopology(
                    networks: [Shapes.network(1)], ports: [ports[0]],
                    securityGroups: [Shapes.group(1, tcp: [])])
                try await lab.dataplane.converge(topology)
                let directory = "\(lab.names.runDirectory)/dhcp-\(short(Shapes.network(1).id.text))"
                let pid = DnsmasqDaemon.pid(in: directory)
                topology.ports = ports
                try await lab.plug("b", ports[1])
                try await lab.dataplane.converge(topology)
                #expect(DnsmasqDaemon.pid(in: directory) == pid)
                #expect(try await lab.lease("b")["ip"] == "10.0.0.12")
                try await Tool.ip(["addr add 10.0.0.12/24 dev eth0"], in: lab.guestNamespace("b"))
                let answer = try await Tool.run(
                    "ip", ["netns", "exec", lab.guestNamespace("b"), "busybox", "nslookup", "guest1.lab", "10.0.0.2"])
                #expect(answer.contains("10.0.0.11"))
            }
        }

        @Test func ipv6NeighboursAndRules() async throws {
            try await withLab { lab in
                var topology = try await pair(lab)
                topology.networks[0].subnets.append(
                    TopologySubnet(
                        id: SubnetID(Shapes.id("b6", 1)), ipVersion: 6, cidr: "fd00:1::/64", gateway: nil,
                        dhcpEnabled: false, dnsServers: [], hostRoutes: []))
                for index in topology.ports.indices {
                    let address = "fd00:1::1\(index + 1)"
                    topology.ports[index].addresses.append(
                        TopologyAddress(subnetID: SubnetID(Shapes.id("b6", 1)), address: address))
                    try await Tool.ip(
                        ["addr add \(address)/64 dev eth0 nodad"], in: lab.guestNamespace(index == 0 ? "a" : "b"))
                }
                topology.securityGroups[0].rules += [
                    .init(direction: .egress, etherType: .ipv6),
                    .init(direction: .ingress, etherType: .ipv6, transport: "icmp", portMin: 128, portMax: 0),
                ]
                try await lab.dataplane.converge(topology)
                #expect(try await eventually { try await lab.ping("a", "fd00:1::12") })
                topology.securityGroups[0].rules.removeLast()
                try await lab.dataplane.converge(topology)
                #expect(try await !lab.ping("a", "fd00:1::12"))
                #expect(try await !lab.ping("a", "10.0.0.12"))
                topology.securityGroups[0].rules.append(
                    .init(
                        direction: .ingress, etherType: .ipv4, transport: "icmp",
                        remoteGroup: topology.securityGroups[0].id))
                topology.securityGroups[0].memberAddresses = ["10.0.0.11", "10.0.0.12"]
                try await lab.dataplane.converge(topology)
                #expect(try await eventually { try await lab.ping("a", "10.0.0.12") })
            }
        }

        @Test func aReusedAddressIsLeasedToItsNewOwner() async throws {
            try await withLab { lab in
                let (old, other) = (Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, host: 12, groups: [1]))
                let new = Shapes.port(3, host: 11, groups: [1])
                try await lab.plug("old", old)
                try await lab.plug("other", other)
                var topology = NetworkTopology(
                    networks: [Shapes.network(1)], ports: [old, other],
                    securityGroups: [Shapes.group(1, tcp: [])])
                try await lab.dataplane.converge(topology)
                #expect(try await lab.lease("old")["ip"] == "10.0.0.11")
                #expect(try await lab.lease("other")["ip"] == "10.0.0.12")
                try await lab.plug("new", new)
                topology.ports = [other, new]
                try await lab.dataplane.converge(topology)
                #expect(try await lab.lease("new")["ip"] == "10.0.0.11")
                let leases = "\(lab.names.runDirectory)/dhcp-\(short(Shapes.network(1).id.text))/leases"
                #expect(try String(contentsOfFile: leases, encoding: .utf8).contains("10.0.0.12"))
            }
        }
    }
}
