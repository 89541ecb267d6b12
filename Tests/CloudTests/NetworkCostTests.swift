import Cloud
import HostLink
import HostProtocol
import Model
import Networking
import Store
import TestSupport
import Testing

/// What a change of the network costs goes by whom it concerns, and not by how many there are.
@Suite(.timeLimit(.minutes(3)))
struct NetworkCostTests {
    struct Cost: Equatable {
        var rung = 0
        /// Of each kind the parts that went to hosts.
        var sent: [NetworkPart.Kind: Int] = [:]
        /// The transaction of the change, in statements and rows.
        var change = RecordingDatabase.Work()
        /// The answers to all who were rung.
        var answers = RecordingDatabase.Work()
    }

    /// A cloud in which hosts 1 to 3 have a network each, with a port in a group that lets itself in, and the others
    /// have all other networks, each with a port in a group of its own.
    private struct Scene {
        let fixture: CloudFixture
        let recorder: RecordingDatabase
        let group = SecurityGroupID.random()
        private(set) var networks: [NetworkID] = []
        private(set) var askers: [NetworkGenerationTests.Asker] = []
        private let lines: [AsyncStream<HostNudge>]

        init(_ fixture: CloudFixture, _ recorder: RecordingDatabase, networks count: Int) async throws {
            self.fixture = fixture
            self.recorder = recorder
            lines = fixture.hosts.map { $0.channel.nudges() }
            networks = (0..<count).map { _ in .random() }
            let rows = rows
            try await fixture.cloud.database.transaction { db in try rows.insert(db) }
            for host in fixture.hosts {
                var asker = NetworkGenerationTests.Asker(host: host)
                _ = try await asker.ask()
                askers.append(asker)
            }
        }

        private var rows: Rows {
            Rows(
                networks: networks, group: group, hosts: fixture.hosts.count, project: fixture.people.demo,
                now: fixture.cloud.networking.clock.now())
        }

        /// The cost of a change and of its becoming known.
        mutating func cost(of body: @Sendable (NetworkingService) async throws -> Void) async throws -> Cost {
            let switchboard = fixture.cloud.switchboard
            let (rings, parts, before) = (switchboard.networkRings, switchboard.networkParts, recorder.work())
            var cost = Cost()
            try await body(fixture.cloud.networking)
            let after = recorder.work()
            cost.change = after - before
            fixture.cloud.tellNetwork()
            cost.rung = switchboard.networkRings - rings
            for number in askers.indices.prefix(cost.rung) { _ = try await askers[number].ask() }
            cost.answers = recorder.work() - after
            cost.sent = switchboard.networkParts.merging(parts) { $0 - $1 }.filter { $0.value > 0 }
            for (number, asker) in askers.enumerated() {
                let whole = try await fixture.cloud.networking.topology(of: "sim-\(number + 1)")
                #expect(asker.held.topology == whole)
            }
            return cost
        }
    }

    private struct Rows: Sendable {
        let networks: [NetworkID]
        let group: SecurityGroupID
        let hosts: Int
        let project: ProjectID
        let now: Timestamp

        func insert(_ db: any Connection) throws {
            try insert(group, db)
            for (number, id) in networks.enumerated() {
                try db.insert(
                    Network(
                        id: id, projectID: project, name: "n\(number)", segmentationID: 10_000 + number,
                        tags: JSONText(raw: "[]"), createdAt: now, updatedAt: now))
                let isShared = number < 3
                let carried = isShared ? group : .random()
                if !isShared { try insert(carried, db) }
                let host = isShared ? number : 3 + number % (hosts - 3)
                let port = Port(
                    id: .random(), networkID: id, projectID: project, macAddress: "fa:16:3e:00:00:01",
                    fixedIPs: JSONText(raw: "[]"), deviceID: "v\(number)", deviceOwner: "compute:nova",
                    securityGroups: try JSONText([carried]), allowedAddressPairs: JSONText(raw: "[]"),
                    bindingHost: "sim-\(host + 1)", tags: JSONText(raw: "[]"), createdAt: now, updatedAt: now)
                try db.insert(port)
                try PortQueries.setGroups([carried], of: port.id, db)
            }
        }

        private func insert(_ group: SecurityGroupID, _ db: any Connection) throws {
            try db.insert(
                SecurityGroup(
                    id: group, projectID: project, name: "g", tags: JSONText(raw: "[]"), createdAt: now, updatedAt: now)
            )
            try db.insert(
                SecurityGroupRule(
                    id: .random(), securityGroupID: group, projectID: project, direction: "ingress",
                    etherType: "IPv4", remoteGroupID: group, createdAt: now))
        }
    }

    private func costs(
        on kind: StoreKind, networks: Int, hosts: Int
    ) async throws -> (rule: Cost, boot: Cost, renewals: RecordingDatabase.Work) {
        var options = CloudFixture.Options()
        options.hosts = hosts
        options.runsAgents = false
        options.runsWorkflows = false
        let recorder = RecordingDatabase(try await ScratchStore(on: kind))
        options.database = recorder
        let found = Found()
        try await CloudFixture.run(options) { fixture in
            var scene = try await Scene(fixture, recorder, networks: networks)
            let (member, group, network) = (fixture.people.member, scene.group, scene.networks[0])
            let rule = try await scene.cost { networking in
                _ = try await networking.create(
                    [
                        SecurityGroupRule(
                            id: .random(), securityGroupID: group, projectID: fixture.people.demo,
                            direction: "ingress", etherType: "IPv4", transport: "tcp", portMin: 22, portMax: 22,
                            createdAt: networking.clock.now())
                    ], by: member)
            }
            let before = recorder.work(with: "INTO network_generations")
            let boot = try await scene.cost { networking in
                let holder = NetworkingService.PortHolder(
                    device: "v", owner: "compute:nova", hostname: "v", host: "sim-1")
                let nic = RequestedNIC(networkID: network)
                _ = try await networking.bindPorts(
                    of: holder, nics: [.init(key: "0", request: nic, securityGroups: [group])], by: member)
            }
            await found.set((rule, boot, recorder.work(with: "INTO network_generations") - before))
        }
        return try #require(await found.costs)
    }

    private actor Found {
        private(set) var costs: (rule: Cost, boot: Cost, renewals: RecordingDatabase.Work)?

        func set(_ costs: (rule: Cost, boot: Cost, renewals: RecordingDatabase.Work)) {
            self.costs = costs
        }
    }

    @Test(arguments: StoreKind.here) func aChangeCostsTheSameAmongMany(kind: StoreKind) async throws {
        let few = try await costs(on: kind, networks: 10, hosts: 5)
        let many = try await costs(on: kind, networks: 1000, hosts: 100)
        #expect(few.rule == many.rule)
        #expect(few.boot == many.boot)
        // The group's rules, for those who have a port in it.
        #expect(many.rule.rung == 3 && many.rule.sent == [.rules: 3])
        // The network for the one who has it, and the group's addresses for those who let it in.
        #expect(many.boot.rung == 3 && many.boot.sent == [.network: 1, .members: 3])
        #expect(many.renewals.statements == 1 && many.renewals.rows == 2)
    }
}
