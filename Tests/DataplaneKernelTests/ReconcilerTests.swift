import Foundation
import HostProtocol
import HostStorage
import Hypervisor
import Logging
import Model
import Synchronization
import Testing
import Tools

@testable import Agent
@testable import Dataplane

/// A control plane that knows one topology, and no servers.
private struct OneTopology: HostChannel {
    let network: NetworkTopology

    func register(_ registration: HostRegistration) async throws -> RegisteredHost {
        RegisteredHost(host: HostID("host"), protocolVersion: 1)
    }
    func desired(after sequence: Int64) async throws -> DesiredBatch {
        DesiredBatch(servers: [], sequence: sequence, isLast: true)
    }
    func nudges() -> AsyncStream<HostNudge> { AsyncStream { _ in } }
    func report(_ report: HostReport) async throws {}
    func topology(holding: [NetworkPart: String]) async throws -> TopologyNews {
        var parts: [(NetworkPart, TopologyPart.Content)] = network.routers.map { (.router($0.id), .router($0)) }
        for one in network.networks {
            parts.append((.network(one.id), .network(one, ports: network.ports.filter { $0.networkID == one.id })))
        }
        for group in network.securityGroups {
            parts += [(.rules(group.id), .rules(group.rules)), (.members(group.id), .members(group.memberAddresses))]
        }
        return TopologyNews(
            changed: parts.filter { holding[$0.0] == nil }.map {
                TopologyPart(part: $0, generation: "1", content: $1)
            })
    }
    func configDrive(_ server: ServerID) async throws -> [ConfigDriveFile] { [] }
    func metadata(_ request: MetadataRequest) async throws -> MetadataResponse {
        MetadataResponse(status: 404, contentType: "text/plain", body: [])
    }
    func imageContent(_ image: ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { $0.finish() }
    }
    func upload(_ image: ImageID, _ content: UploadedContent) async throws {}

    func connect(_ consoles: HostConsoles) {}
}

/// The kernel's data plane, with a count of the passes that have ended.
private final class WatchedDataplane: Dataplane {
    private let inner: KernelDataplane
    private let ended = Mutex(0)

    init(_ inner: KernelDataplane) {
        self.inner = inner
    }

    var passes: Int { ended.withLock { $0 } }
    var wantsTopology: Bool { true }
    func tapName(of port: PortID) -> String { inner.tapName(of: port) }
    func converge(_ topology: NetworkTopology, mending: Bool) async throws -> [DataplaneTrouble] {
        let troubles = try await inner.converge(topology, mending: mending)
        ended.withLock { $0 += 1 }
        return troubles
    }
    func idleTaps() async throws -> Set<String> { try await inner.idleTaps() }
    func differences(from topology: NetworkTopology) async throws -> [String] {
        try await inner.differences(from: topology)
    }
    func destroy() async throws { try await inner.destroy() }
}

extension KernelSuites {
    /// A running agent mends what somebody breaks on one network in its next two passes; a connection of another
    /// network, with the same addresses, carries data all the time.
    @Suite struct ReconcilerTests {
        /// Runs the body beside an agent that has looked at everything once, and its dataplane.
        private func withAgent(
            _ lab: Lab, _ topology: NetworkTopology, _ body: (WatchedDataplane) async throws -> Void
        ) async throws {
            let dataplane = WatchedDataplane(lab.dataplane)
            let machine = HostMachine(
                driver: SimulatedDriver(), storage: SimulatedStorage(), dataplane: dataplane, bootID: "first")
            let agent = Agent(
                channel: OneTopology(network: topology), machine: machine,
                logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
            try await agent.register()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await agent.run() }
                #expect(try await eventually(within: 30) { dataplane.passes > 0 })
                try await body(dataplane)
                group.cancelAll()
            }
        }

        /// - Parameter isWhole: whether what was broken works; asked before, and until it does after.
        private func mends(
            _ lab: Lab, breaking: (NetworkTopology) async throws -> Void,
            isWhole: (NetworkTopology) async throws -> Bool
        ) async throws {
            var topology = try await lab.twins(tcp: [1: [7000], 2: [7000]])
            topology.networks.append(Shapes.external(lab))
            topology.routers = [Shapes.router(lab, floating: [(20, "10.0.0.11")])]
            try await Tool.ip(
                ["route add default via 10.0.0.1"], in: lab.guestNamespace("a1"))
            // Everything is there before the agent is, so that its first pass finds nothing to do.
            try await lab.dataplane.converge(topology)
            let listener = try await lab.listen("b2", "10.0.0.12", 7000)
            let client = try #require(try await lab.connect("a2", to: "10.0.0.12", 7000))
            let listeners = [
                try await lab.listen("b1", "10.0.0.12", 7000), try await lab.listen("b1", "10.0.0.12", 7001),
                try await lab.listen("a1", "10.0.0.11", 7000),
            ]
            defer { withExtendedLifetime(listeners) {} }
            let conversation = Conversation(client, try #require(listener.accept()).0)
            defer { conversation.stop() }
            try await withAgent(lab, topology) { dataplane in
                #expect(try await eventually(within: 30) { try await isWhole(topology) })
                #expect(try await conversation.goesOn())
                // The next pass is a whole interval away.
                let passes = dataplane.passes
                #expect(try await eventually(within: 30) { dataplane.passes > passes })
                try await breaking(topology)
                #expect(try await !isWhole(topology), "nothing was broken")
                let (broken, began) = (dataplane.passes, ContinuousClock.now)
                #expect(try await eventually(within: 60) { try await isWhole(topology) })
                print("NOTE mended after \(ContinuousClock.now - began)")
                // Ten seconds, however slow the machine is that counts them.
                #expect(dataplane.passes <= broken + 2 && NetworkKeeper.mendingInterval * 2 <= .seconds(10))
                #expect(try await conversation.goesOn())
            }
        }

        @Test func aKilledDnsmasq() async throws {
            try await withLab { lab in
                let directory = "\(lab.names.runDirectory)/dhcp-\(short(Shapes.network(1).id.text))"
                try await mends(
                    lab,
                    breaking: { _ in
                        kill(try #require(DnsmasqDaemon.pid(in: directory)), SIGKILL)
                        #expect(try await eventually { DnsmasqDaemon.pid(in: directory) == nil })
                    }, isWhole: { _ in DnsmasqDaemon.pid(in: directory) != nil })
                #expect(try await lab.lease("a1")["ip"] == "10.0.0.11")
            }
        }

        /// Without the table, what is received or one port's chain, a port that is shut opens; without `arrival`, no
        /// network is told from another.
        @Test(arguments: ["table", "arrival", "receives", "port"])
        func aFlushedTableOrChain(what: String) async throws {
            try await withLab { lab in
                func rules() async throws -> String {
                    try await Tool.run("nft", ["list", "table", "bridge", lab.names.table])
                }
                let loaded = Mutex("")
                func isShut() async throws -> Bool {
                    try await lab.connect("a1", to: "10.0.0.12", 7001, timeout: 1) == nil
                }
                try await mends(
                    lab,
                    breaking: { topology in
                        let text = try await rules()
                        loaded.withLock { $0 = text }
                        let port = "to_\(short(topology.ports[1].id.text))"
                        let chain = what == "table" ? [] : [what == "port" ? port : what]
                        let kind = what == "table" ? "table" : "chain"
                        try await Tool.run("nft", ["flush", kind, "bridge", lab.names.table] + chain)
                        if what != "arrival" { #expect(try await !isShut()) }
                    },
                    isWhole: { _ in
                        let (before, now) = (loaded.withLock { $0 }, try await rules())
                        return before.isEmpty || before == now
                    })
                #expect(try await isShut())
            }
        }

        @Test func aDeletedBridge() async throws {
            try await withLab { lab in
                try await mends(
                    lab,
                    breaking: { topology in
                        try await Tool.run("ip", ["link", "del", lab.names.bridge(topology.networks[0].id)])
                    },
                    isWhole: { _ in
                        try await lab.connect("a1", to: "10.0.0.12", 7000, timeout: 0.5) != nil
                    })
            }
        }

        @Test(arguments: ["flush", "delete"])
        func theTableOfARouter(verb: String) async throws {
            try await withLab { lab in
                try await mends(
                    lab,
                    breaking: { topology in
                        let router = lab.names.routerNamespace(topology.routers[0].id)
                        try await Tool.inside(router, "nft", [verb, "table", "ip", lab.names.table])
                    },
                    isWhole: { _ in
                        Socket.connection(to: lab.external(20), 7000, timeout: 0.5) != nil
                    })
            }
        }

        @Test(arguments: ["dhcp", "router"])
        func aDeletedNamespace(kind: String) async throws {
            try await withLab { lab in
                let name =
                    kind == "dhcp"
                    ? lab.names.dhcpNamespace(Shapes.network(1).id) : lab.names.routerNamespace(Shapes.router(lab).id)
                try await mends(
                    lab,
                    breaking: { _ in try await Tool.run("ip", ["netns", "del", name]) },
                    isWhole: { _ in
                        guard try NamespaceApplier.present(lab.names).contains(name) else { return false }
                        return try await lab.ping("a1", kind == "dhcp" ? "10.0.0.2" : "10.0.0.1")
                    })
            }
        }
    }
}
