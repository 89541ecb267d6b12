import Cloud
import Compute
import HostProtocol
import Model
import Store
import TestSupport
import Testing

/// The index in memory against the store.
@Suite(.timeLimit(.minutes(3)))
struct CapacityIndexTests {
    private static let now = Timestamp(microseconds: 1_000_000)

    private func hosts(_ store: ScratchStore, count: Int) async throws -> [ResourceProviderID] {
        let inventory = HostInventory(
            hostname: "", vcpus: 0, memoryMiB: 0, diskGiB: 0, virtType: "", hypervisorType: "QEMU",
            hypervisorVersion: 1, cpuArchitecture: "x86_64")
        // As an agent that knows no traits reports it.
        let facts = try JSONText(inventory).raw.replacing(#","traits":[]"#, with: "")
        #expect(!facts.contains("traits"))
        return try await store.transaction { db in
            try (0..<count).map { index in
                let id = ResourceProviderID("host-\(index)")
                try db.insert(
                    Model.Host(
                        id: HostID(id.text), hostname: id.text, lastSeenAt: Self.now, inventory: facts,
                        createdAt: Self.now, number: index + 3))
                try db.insert(ResourceProvider(id: id, name: id.text))
                for resource in HostResource.allCases {
                    try db.insert(
                        Inventory(
                            providerID: id, resourceClass: resource.rawValue, total: 16, reserved: 2, maxUnit: 16,
                            allocationRatio: resource == .vcpus ? 4000 : 1000))
                }
                return id
            }
        }
    }

    private func expectEqual(_ index: CapacityIndex, _ store: ScratchStore, _ what: String) async throws {
        let known = try await store.read { try ComputeService.hostStates(at: Self.now, $0) }
        #expect(index.all == known, "\(what)")
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theIndexIsWhatTheStoreSays(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = try ScratchStore()
        let providers = try await hosts(store, count: 4)
        let index = CapacityIndex()
        try await store.transaction { try PlacementQueries.setTraits(["HW_A"], of: providers[1], $0) }
        index.replace(try await store.read { try ComputeService.hostStates(at: Self.now, $0) })
        #expect(index.all.map(\.traits) == [[], ["HW_A"], [], []])
        var consumers: [(id: String, provider: ResourceProviderID)] = []
        var refused = 0
        for turn in 0..<300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let request = SchedulingRequest(
                    vcpus: .random(in: 0...6, using: &random), memoryMiB: .random(in: 0...6, using: &random),
                    diskGiB: .random(in: 0...6, using: &random))
                let provider = providers[Int.random(in: 0..<4, using: &random)]
                if try await claim(request, on: provider, for: "server-\(turn)", store) {
                    index.countClaimed(request, on: HostID(provider.text))
                    consumers.append(("server-\(turn)", provider))
                } else {
                    refused += 1
                }
            case 6..<9:
                guard let consumer = consumers.randomElement(using: &random) else { continue }
                consumers.removeAll { $0.id == consumer.id }
                index.countReleased(
                    try await store.transaction { try PlacementQueries.release(consumer.id, on: consumer.provider, $0) }
                )
            default:
                let total = Int.random(in: 8...24, using: &random)
                let reserved = Int.random(in: 0...4, using: &random)
                try await change(providers[turn % 4], total: total, reserved: reserved, store)
                index.replace(try await store.read { try ComputeService.hostStates(at: Self.now, $0) })
            }
            try await expectEqual(index, store, "seed \(seed), turn \(turn)")
        }
        #expect(refused > 10 && !consumers.isEmpty)
    }

    /// A claim never takes what is reserved.
    private func claim(
        _ request: SchedulingRequest, on provider: ResourceProviderID, for consumer: String, _ store: ScratchStore
    ) async throws -> Bool {
        try await store.transaction { db in
            let isClaimed = try PlacementQueries.claim(
                request.resources, on: provider, for: consumer, project: ProjectID("p"), user: UserID("u"), db)
            for inventory in try PlacementQueries.inventories(of: provider, db) where isClaimed {
                guard let resource = HostResource(rawValue: inventory.resourceClass), request[resource] > 0 else {
                    continue
                }
                #expect(inventory.used * 1000 <= (inventory.total - inventory.reserved) * inventory.allocationRatio)
            }
            return isClaimed
        }
    }

    private func change(
        _ provider: ResourceProviderID, total: Int, reserved: Int, _ store: ScratchStore
    ) async throws {
        try await store.transaction { db in
            for var inventory in try PlacementQueries.inventories(of: provider, db) {
                inventory.total = total
                inventory.reserved = reserved
                inventory.maxUnit = total
                try db.update(inventory)
            }
        }
    }

    /// Through the verbs: creates that race, hosts that come back with other inventories.
    @Test func creationsAreCountedAtOnce() async throws {
        var options = CloudFixture.Options()
        (options.hosts, options.runsWorkflows, options.runsAgents) = (3, false, false)
        try await CloudFixture.run(options) { fixture in
            let compute = fixture.cloud.compute
            try await compute.setQuotas(
                ["instances": -1, "cores": -1, "ram": -1], of: fixture.people.demo, force: true)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 { group.addTask { _ = try await fixture.create("vm\(index)", count: 2) } }
                try await group.waitForAll()
            }
            func expectEqual() async throws {
                let now = compute.clock.now()
                let known = try await fixture.cloud.database.read { try ComputeService.hostStates(at: now, $0) }
                #expect(compute.capacity.all == known)
            }
            try await expectEqual()
            #expect(compute.capacity.all.reduce(0) { $0 + $1.vcpus.used } == 40)
            var smaller = SimulatedHost.inventory(1)
            (smaller.vcpus, smaller.traits) = (8, ["CUSTOM_SMALL", "CUSTOM_QUIET"])
            _ = try await compute.register(HostRegistration(inventory: smaller))
            try await expectEqual()
            #expect(compute.capacity[fixture.hosts[1].id]?.traits == ["CUSTOM_SMALL", "CUSTOM_QUIET"])
            #expect(compute.capacity[fixture.hosts[1].id]?.vcpus.limit == 32)
        }
    }
}
