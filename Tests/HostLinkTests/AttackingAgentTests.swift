import Cloud
import Compute
import Foundation
import HostProtocol
import Hypervisor
import Model
import Networking
import Store
import TestSupport
import Testing

@testable import HostLink

/// A host whose agent an attacker has in hand, beside one with servers of its own.
@Suite(.timeLimit(.minutes(3)))
struct AttackingAgentTests {
    /// The attacker's connection, the victim's server, and what must not change by anything that the attacker does.
    private struct Scene: Sendable {
        let cloud: SocketCloud
        let victim: RemoteHost
        let attacker: HostID
        let client: HostLinkClient
        let server: ServerID

        func state() async throws -> [String] {
            try await cloud.fixture.cloud.database.read { db in
                try db.fetch(Server.self).map { "\($0)" }
                    + db.fetch(ServerPlacement.self).map { "\($0)" }
                    + db.fetch(HostCommand.self).map { "\($0)" }
                    + db.fetch(Model.Host.self, "WHERE id = ?1", [.id(victim.id)]).map {
                        "\($0.hostname) \($0.inventory)"
                    }
            }
        }

        /// Does it, and says what kind of refusal it met; `nil` for none. Nothing of the victim's has changed.
        func attack(_ body: () async throws -> Void) async throws -> CloudError.Kind? {
            let before = try await state()
            var kind: CloudError.Kind?
            do {
                try await body()
            } catch let error as CloudError {
                kind = error.kind
            }
            #expect(try await state() == before)
            return kind
        }

        func get<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws {
            let _: Answer = try await client.get(path)
        }
    }

    private func run(_ body: @Sendable (Scene) async throws -> Void) async throws {
        try await SocketCloud.run { cloud in
            try await RemoteHost.run(cloud) { victim in
                let server = try await cloud.fixture.boot()
                var inventory = SimulatedHost.inventory(0)
                inventory.hostname = "remote-2"
                let attacker = try await cloud.fixture.cloud.compute.register(HostRegistration(inventory: inventory))
                    .host
                let path = cloud.fixture.stateDirectory + "/attacker.sock"
                let door = Door(cloud.fixture.cloud, at: path) { _ in .host(attacker) }
                try await door.open()
                let client = try HostLinkClient(socketPath: path)
                do {
                    try await body(
                        Scene(cloud: cloud, victim: victim, attacker: attacker, client: client, server: server))
                } catch {
                    try await client.shutdown()
                    try await door.close()
                    throw error
                }
                try await client.shutdown()
                try await door.close()
            }
        }
    }

    /// The victim's name in a path.
    @Test func anothersNameOpensNothing() async throws {
        try await run { scene in
            let base = "/hosts/\(scene.victim.id)"
            let question = MetadataRequest(
                networkID: NetworkID("n"), sourceAddress: "10.20.0.2", method: "GET", path: "/openstack")
            let refusals = [
                try await scene.attack { try await scene.get("\(base)/documents?after=0", as: DesiredBatch.self) },
                try await scene.attack {
                    let _: TopologyNews = try await scene.client.post("\(base)/topology", [NetworkPart: String]())
                },
                try await scene.attack {
                    try await scene.get("\(base)/config-drives/\(scene.server)", as: [ConfigDriveFile].self)
                },
                try await scene.attack { _ = try await scene.client.stream("\(base)/line") },
                try await scene.attack {
                    _ = try await scene.client.stream("\(base)/images/\(scene.cloud.fixture.image)")
                },
                try await scene.attack { try await scene.client.post("\(base)/reports", HostReport()) },
                try await scene.attack {
                    try await scene.client.upload("\(base)/images/\(scene.cloud.fixture.image)") { try await $0([1]) }
                },
                try await scene.attack {
                    let _: MetadataResponse = try await scene.client.post("\(base)/metadata", question)
                },
                try await scene.attack { try await scene.client.post("\(base)/console-answers/q", ConsoleAnswer()) },
                try await scene.attack { _ = try await scene.client.stream("\(base)/consoles/q") },
                try await scene.attack { try await scene.client.upload("\(base)/consoles/q") { try await $0([1]) } },
            ]
            #expect(refusals == Array(repeating: .notFound, count: refusals.count))
        }
    }

    /// The attacker's own name, and the victim's things.
    @Test func anothersThingsAreNotThere() async throws {
        try await run { scene in
            let base = "/hosts/\(scene.attacker)"
            let own: DesiredBatch = try await scene.client.get("\(base)/documents?after=0")
            #expect(own.servers.isEmpty && own.commands.isEmpty)
            let victims = try await scene.cloud.fixture.cloud.networking.topology(of: "remote-1")
            let claimed = Dictionary(uniqueKeysWithValues: victims.networks.map { (NetworkPart.network($0.id), "") })
            let network: TopologyNews = try await scene.client.post("\(base)/topology", claimed)
            #expect(network.changed.isEmpty && Set(network.gone) == Set(claimed.keys) && !claimed.isEmpty)
            let port = try #require(victims.ports.first)
            let question = MetadataRequest(
                networkID: port.networkID, sourceAddress: try #require(port.addresses.first).address, method: "GET",
                path: "/openstack/latest/user_data")
            var handover = question
            (handover.method, handover.path, handover.body) = ("POST", "/openstack/latest/password", [0x70])
            let refusals = [
                try await scene.attack {
                    try await scene.get("\(base)/config-drives/\(scene.server)", as: [ConfigDriveFile].self)
                },
                try await scene.attack {
                    _ = try await scene.client.stream("\(base)/images/\(scene.cloud.fixture.image)")
                },
                try await scene.attack {
                    let _: MetadataResponse = try await scene.client.post("\(base)/metadata", question)
                },
                try await scene.attack {
                    let _: MetadataResponse = try await scene.client.post("\(base)/metadata", handover)
                },
            ]
            #expect(refusals == Array(repeating: .notFound, count: refusals.count))
            let kept = try await scene.cloud.fixture.cloud.compute.guestPassword(
                of: scene.server, by: scene.cloud.fixture.people.member)
            #expect(kept == nil)
        }
    }

    /// The victim's server and the victim's command, in reports under either name.
    @Test func whatIsSaidOfAnothersServerCountsForNothing() async throws {
        try await run { scene in
            let command = HostCommandID("c")
            try await scene.cloud.fixture.cloud.database.transaction { db in
                try db.insert(
                    HostCommand(
                        id: command, hostID: scene.victim.id, serverID: scene.server, action: .rebootHard,
                        arguments: JSONText(raw: "{}"), state: .running, updatedAt: Timestamp(microseconds: 1)))
            }
            func report(_ host: HostID) -> HostReport {
                HostReport([
                    ServerObservation(
                        hostID: host, serverID: scene.server, epoch: 1_000, power: .absent,
                        commands: [CommandReport(id: command, state: .done)])
                ])
            }
            let path = "/hosts/\(scene.attacker)/reports"
            let asVictim = try await scene.attack { try await scene.client.post(path, report(scene.victim.id)) }
            #expect(asVictim == .forbidden)
            let asItself = try await scene.attack { try await scene.client.post(path, report(scene.attacker)) }
            #expect(asItself == nil)
        }
    }

    @Test func nobodyIsAnnouncedWithAnothersCredential() async throws {
        try await run { scene in
            for hostname in ["remote-1", "new"] {
                var inventory = SimulatedHost.inventory(0)
                inventory.hostname = hostname
                let refused = try await scene.attack {
                    let _: RegisteredHost = try await scene.client.post(
                        "/hosts",
                        HostRegistration(
                            inventory: inventory,
                            holdings: [
                                HeldDocument(serverID: scene.server, epoch: 1_000, mark: "", isGone: true)
                            ]))
                }
                #expect(refused == .forbidden)
            }
        }
    }

    /// Holdings speak of the host's own placements only.
    @Test func holdingsOfAnothersServersChangeNothing() async throws {
        try await run { scene in
            var inventory = SimulatedHost.inventory(0)
            inventory.hostname = "remote-2"
            let held = HeldDocument(serverID: scene.server, epoch: 1_000, mark: "", isGone: true)
            let refused = try await scene.attack {
                let _: RegisteredHost = try await scene.client.post(
                    "/hosts", HostRegistration(inventory: inventory, holdings: [held]))
            }
            #expect(refused == nil)
        }
    }

    /// A process that has not announced a host since the cloud started is told to, and does; it cannot take the line.
    @Test func aProcessSpeaksForTheHostsThatItHasAnnounced() throws {
        let speakers = HostSpeakers()
        let host = HostID.random()
        #expect(throws: CloudError.self) { try speakers.require(.process(7), for: host) }
        speakers.announced(host, by: .process(7))
        try speakers.require(.process(7), for: host)
        #expect(throws: CloudError.self) { try speakers.require(.process(8), for: host) }
        speakers.announced(host, by: .process(8))
        #expect(throws: CloudError.self) { try speakers.require(.process(7), for: host) }
    }
}
