import Foundation
import HostProtocol
import Logging
import Model
import Synchronization
import Testing
import Tools

@testable import Dataplane

extension KernelSuites {
    @Suite struct MendingTests {
        /// Those of the machine that a cloud may claim.
        private static let settings = [MachineClaims.forwarding, MachineClaims.liberalWindows]

        private func full(_ lab: Lab) async throws -> NetworkTopology {
            let ports = [Shapes.port(1, host: 11, groups: [1]), Shapes.port(2, host: 12, groups: [1])]
            try await lab.plug("a", ports[0], address: "10.0.0.11")
            try await lab.plug("b", ports[1], address: "10.0.0.12")
            return NetworkTopology(
                networks: [Shapes.network(1), Shapes.external(lab)],
                ports: ports + [Shapes.port(3, host: 13, groups: [1])],
                routers: [Shapes.router(lab, floating: [(20, "10.0.0.11")])],
                securityGroups: [Shapes.group(1, tcp: [7000])])
        }

        private func dnsmasq(_ lab: Lab) -> pid_t? {
            DnsmasqDaemon.pid(in: "\(lab.names.runDirectory)/dhcp-\(short(Shapes.network(1).id.text))")
        }

        private func files(of lab: Lab) throws -> [String] {
            let manager = FileManager.default
            let settings = Self.settings.map { "/run/novella/settings/\($0.replacing("/", with: "."))/users" }
            let folders = ["/run", "/run/novella/zones"] + settings
            return try folders.filter { manager.fileExists(atPath: $0) }.flatMap { folder in
                try manager.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
            }.filter { file in
                let content = manager.contents(atPath: file) ?? Data()
                return file.contains(lab.tag) || content.starts(with: Data(lab.tag.utf8))
            }
        }

        /// Everything on the machine that carries the tag.
        private func traces(_ lab: Lab) async throws -> [String] {
            let links = try await LinkState.read().keys.filter { lab.names.owns(link: $0) }
            let spaces = try NamespaceApplier.present(lab.names)
            let tables = try await Tool.run("nft", ["list", "tables"]).split(separator: "\n").map(String.init)
                .filter { $0.hasSuffix(lab.names.table) }
            let files = try self.files(of: lab)
            let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid in
                FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
                    .map { String(decoding: $0, as: UTF8.self).contains(lab.names.runDirectory) } == true
            }
            return links + spaces + tables + files + processes
        }

        @Test func destroyLeavesNothing() async throws {
            let lab = try Lab()
            let before = try Self.settings.map { try String(contentsOfFile: "/proc/sys/\($0)", encoding: .utf8) }
            try await lab.dataplane.converge(full(lab))
            // 2 bridges, 3 taps, 3 legs; 2 namespaces; 2 tables; a directory, 2 zones, 2 settings; 1 dnsmasq.
            #expect(try await traces(lab).count == 18)
            try await lab.dataplane.destroy()
            #expect(try await traces(lab) == [])
            let after = try Self.settings.map { try String(contentsOfFile: "/proc/sys/\($0)", encoding: .utf8) }
            #expect(after == before)
            try await lab.remove()
        }

        /// A pass for a boot takes what earlier passes made for granted; the next mending does not.
        @Test func aPassThatFollowsTouchesOnlyWhatChanged() async throws {
            try await withLab { lab in
                var topology = try await full(lab)
                try await lab.dataplane.converge(topology)
                let router = lab.names.routerNamespace(topology.routers[0].id)
                try await Tool.run("ip", ["netns", "del", router])
                let gone = topology.ports.removeLast()
                try await lab.dataplane.converge(topology, mending: false)
                #expect(try await LinkState.read()[lab.names.tap(gone.id)] == nil)
                #expect(try !NamespaceApplier.present(lab.names).contains(router))
                try await lab.dataplane.converge(topology)
                #expect(try NamespaceApplier.present(lab.names).contains(router))
                topology.routers = []
                try await lab.dataplane.converge(topology)
                #expect(AppliedRecord.read(lab.names, logger: Logger(label: "test")).floating[router] == nil)
                #expect(await lab.dataplane.rules.namespaces == [""])
            }
        }

        /// A namespace that the kernel does not take, as it has too small an MTU for its IPv6 address.
        @Test func oneNetworksTroubleIsItsOwn() async throws {
            try await withLab { lab in
                var topology = try await full(lab)
                var flawed = Shapes.network(2)
                flawed.mtu = 1200
                let subnet = SubnetID(Shapes.id("b2", 2))
                flawed.subnets.append(
                    TopologySubnet(
                        id: subnet, ipVersion: 6, cidr: "fd00:2::/64", gateway: nil, dhcpEnabled: true, dnsServers: [],
                        hostRoutes: []))
                flawed.dhcpPort?.addresses.append(TopologyAddress(subnetID: subnet, address: "fd00:2::2"))
                topology.networks.append(flawed)
                let troubles = try await lab.dataplane.converge(topology)
                #expect(Set(troubles.map(\.part)) == [.network(flawed.id)], "\(troubles)")
                let listener = try await lab.listen("b", "10.0.0.12", 7000)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7000) != nil)
                #expect(listener.accept() != nil)
                #expect(dnsmasq(lab) != nil)
                topology.networks[topology.networks.count - 1].mtu = 1280
                #expect(try await lab.dataplane.converge(topology).isEmpty)
            }
        }

        @Test func whatIsNotNamedGoes() async throws {
            try await withLab { lab in
                var topology = try await full(lab)
                try await lab.dataplane.converge(topology)
                topology.networks = [Shapes.network(1)]
                topology.routers = []
                topology.ports.removeLast()
                try await lab.dataplane.converge(topology)
                // 1 bridge, 2 taps, 1 leg; 1 namespace; 2 tables; a directory, 1 zone, 1 setting; 1 dnsmasq.
                #expect(try await traces(lab).count == 11)
                // A store that was restored from a backup has a lower number.
                try await lab.dataplane.converge(NetworkTopology())
                #expect(try await traces(lab).filter { !$0.contains("table") && !$0.hasPrefix("/run") } == [])
            }
        }

        @Test func aSecondCloudIsLeftAlone() async throws {
            try await withLab { first in
                try await first.dataplane.converge(full(first))
                let before = try await traces(first).count
                try await withLab { second in
                    try await second.dataplane.converge(
                        NetworkTopology(networks: [Shapes.external(second)]))
                }
                #expect(try await traces(first).count == before)
                #expect(try String(contentsOfFile: "/proc/sys/net/ipv4/ip_forward", encoding: .utf8) == "1\n")
            }
        }

        @Test func damageIsMended() async throws {
            try await withLab { lab in
                let topology = try await full(lab)
                try await lab.dataplane.converge(topology)
                let pid = try #require(dnsmasq(lab))
                kill(pid, SIGKILL)
                #expect(try await eventually { dnsmasq(lab) == nil })
                try await Tool.run("nft", ["flush", "table", "bridge", lab.names.table])
                try await Tool.run("ip", ["link", "del", lab.names.bridge(topology.networks[0].id)])
                try await Tool.run("ip", ["netns", "del", lab.names.routerNamespace(topology.routers[0].id)])
                try await lab.dataplane.converge(topology)
                #expect(dnsmasq(lab) != nil)
                let listener = try await lab.listen("b", "10.0.0.12", 7000)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7000) != nil)
                #expect(listener.accept() != nil)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7001, timeout: 0.5) == nil)
                #expect(try await lab.connect("a", to: "10.0.0.1", 9, timeout: 0.5) == nil)
                try await Tool.run("ip", ["netns", "del", lab.names.dhcpNamespace(topology.networks[0].id)])
                try await Tool.run("nft", ["delete", "table", "inet", lab.names.table])
                try await lab.dataplane.converge(topology)
                try await Tool.ip(["route add 169.254.169.254/32 via 10.0.0.2"], in: lab.guestNamespace("a"))
                #expect(try await lab.connect("a", to: "169.254.169.254", 80) != nil)
            }
        }

        @Test func anotherProcessTakesOver() async throws {
            try await withLab { lab in
                let topology = try await full(lab)
                try await lab.dataplane.converge(topology)
                let listener = try await lab.listen("b", "10.0.0.12", 7000)
                let client = try #require(try await lab.connect("a", to: "10.0.0.12", 7000))
                let (session, _) = try #require(listener.accept())
                let pid = dnsmasq(lab)
                let next = try Lab.makeDataplane(lab.tag)
                await lab.dataplane.stopListening()
                try await next.converge(topology)
                #expect(dnsmasq(lab) == pid)
                client.send("still here")
                #expect(session.receive() == "still here")
                try await next.destroy()
            }
        }

        /// A look costs seven processes, one at the links, two at the rules and two at each namespace: nothing is done.
        @Test func whereNothingIsToBeDoneNothingIsDone() async throws {
            try await withLab { lab in
                let topology = try await full(lab)
                try await lab.dataplane.converge(topology)
                let tools = Mutex<[String]>([])
                try await Tool.$watch.withValue({ event in
                    tools.withLock { if event.hasPrefix("before ") { $0.append(String(event.dropFirst(7))) } }
                }) {
                    try await lab.dataplane.converge(topology)
                }
                #expect(tools.withLock { $0 } == ["ip", "nft", "nft", "ip", "ip", "ip", "ip"])
            }
        }

        @Test func portsDownAndWithoutSecurity() async throws {
            try await withLab { lab in
                var topology = try await full(lab)
                try await lab.dataplane.converge(topology)
                topology.ports[1].portSecurity = false
                try await lab.dataplane.converge(topology)
                let listener = try await lab.listen("b", "10.0.0.12", 7001)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7001) != nil)
                #expect(listener.accept() != nil)
                topology.ports[0].adminStateUp = false
                try await lab.dataplane.converge(topology)
                #expect(try await LinkState.read()[lab.names.tap(topology.ports[0].id)]?.isUp == false)
                #expect(try await lab.connect("a", to: "10.0.0.12", 7001, timeout: 0.5) == nil)
            }
        }
    }
}
