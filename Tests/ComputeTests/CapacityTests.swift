import Cloud
import Compute
import HostProtocol
import Hypervisor
import Model
import Networking
import Store
import Testing
import TestSupport

/// Quotas, claims and hosts that are full.
@Suite(.timeLimit(.minutes(3)))
struct CapacityTests {
    @Test func wantOfRoomIsAFaultThatCounts() async throws {
        var options = CloudFixture.Options()
        options.hosts = 3
        try await CloudFixture.run(options) { fixture in
            let huge = try await fixture.cloud.compute.create(
                Flavor(
                    id: FlavorID("huge"), name: "huge", vcpus: 1, memory: 50_000, disk: 100_000,
                    extraSpecs: try JSONText([:]), createdAt: fixture.cloud.compute.clock.now()))
            let made = try #require(try await fixture.create { $0.flavorID = huge.id }.first)
            let server = try await fixture.server(made.id)
            #expect(server.state.status == "ERROR")
            #expect(
                try await fixture.fault(of: made.id)
                    == "No valid host was found. Of 3 hosts, 3 lack free DISK_GB. "
                    + "With 98000 GiB less disk it would fit on 3 hosts.")
            #expect(try await fixture.workflows(of: made.id).first?.outcome == .failed)
            try await fixture.cloud.compute.begin(.delete, on: made.id, by: fixture.people.member)
            try await fixture.server(made.id) { $0.settled == .deleted }
            #expect(try await fixture.holdings() == Holdings())
        }
    }

    /// However the creates race, the quota lets through what it allows.
    @Test func aHundredCreatesMakeTen() async throws {
        try await CloudFixture.run { fixture in
            let outcomes = try await withThrowingTaskGroup(of: ServerID?.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        do {
                            return try await fixture.create("vm\(index)").first?.id
                        } catch let error as CloudError where error.kind == .overQuota {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [ServerID?]()) { $0.append($1) }
            }
            let made = outcomes.compactMap(\.self)
            #expect(made.count == 10)
            for id in made { try await fixture.server(id) { $0.settled == .active } }
            let held = try await fixture.holdings()
            #expect(held.instances == 10)
            #expect(held.guests == 10)
            for id in made { try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member) }
            for id in made { try await fixture.server(id) { $0.settled == .deleted } }
            #expect(try await fixture.holdings() == Holdings())
        }
    }

    /// No host is claimed beyond what it has, whatever the index in memory believes.
    @Test func claimsNeverExceedAHost() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        options.inventory = { index in
            HostInventory(
                hostname: "small-\(index)", vcpus: 64, memoryMiB: 2048, diskGiB: 100, virtType: "simulated",
                hypervisorType: "simulated", hypervisorVersion: 1_000_000, cpuArchitecture: "x86_64")
        }
        try await CloudFixture.run(options) { fixture in
            // 2,048 MiB less 512 that are reserved hold six servers of 256 MiB.
            let compute = fixture.cloud.compute
            try await compute.setQuotas(
                ["instances": -1, "cores": -1, "ram": -1], of: fixture.people.demo, force: true)
            let made = try await withThrowingTaskGroup(of: [Server].self) { group in
                for index in 0..<20 { group.addTask { try await fixture.create("vm\(index)") } }
                return try await group.reduce(into: [Server]()) { $0 += $1 }
            }
            var active = 0
            for server in made {
                let ended = try await fixture.server(server.id) { $0.settled != .building }
                if ended.settled == .active { active += 1 }
            }
            #expect(active == 12)
            let used = try await fixture.cloud.database.read { db in
                try db.fetch(Inventory.self).filter { $0.resourceClass == "MEMORY_MB" }.map(\.used)
            }
            #expect(used == [1536, 1536])
        }
    }

    @Test func oneRequestForSeveralSpreadsThem() async throws {
        var options = CloudFixture.Options()
        options.hosts = 3
        try await CloudFixture.run(options) { fixture in
            let made = try await fixture.create(count: 6)
            #expect(Set(made.map(\.name)) == Set((1...6).map { "vm-\($0)" }))
            #expect(Set(made.map(\.reservationID)).count == 1)
            for server in made { try await fixture.server(server.id) { $0.settled == .active } }
            for host in fixture.hosts { #expect(try await host.driver.list().count == 2) }
        }
    }

    /// What does not fit any more is refused by what the store says, with the claims of the same request counted.
    @Test func oneRequestForMoreThanThereIsFillsTheHosts() async throws {
        var options = CloudFixture.Options()
        (options.hosts, options.runsAgents, options.runsWorkflows) = (2, false, false)
        options.inventory = { SimulatedHost.inventory($0, memoryMiB: 2048) }
        try await CloudFixture.run(options) { fixture in
            let compute = fixture.cloud.compute
            let limits = ["instances": -1, "cores": -1, "ram": -1, "server_group_members": -1]
            try await compute.setQuotas(limits, of: fixture.people.demo, force: true)
            let group = ServerGroup(
                id: .random(), projectID: fixture.people.demo, userID: fixture.people.member.userID, name: "g",
                policy: .affinity, createdAt: compute.clock.now())
            try await compute.create(group)
            let together = try await fixture.create(count: 10) { $0.hints = #"{"group": "\#(group.id)"}"# }
            #expect(together.count { $0.hostID != nil } == 6)
            #expect(
                try await fixture.fault(of: together[9].id)
                    == "No valid host was found. Of 2 hosts, 1 is not where the affinity group's servers are, 1 lacks "
                    + "free MEMORY_MB. Without the hint group it would fit on 1 host.")
            let made = try await fixture.create(count: 10)
            #expect(made.count { $0.hostID != nil } == 6)
            #expect(
                try await fixture.fault(of: made[9].id)
                    == "No valid host was found. Of 2 hosts, 2 lack free MEMORY_MB. No smaller request would fit "
                    + "either.")
        }
    }

    /// `min_count` must fit; of the rest as many are made as the quota allows.
    @Test func theQuotaMayCutARequestShort() async throws {
        try await CloudFixture.run { fixture in
            let made = try await fixture.create(count: 2) { $0.maxCount = 15 }
            #expect(made.count == 10)
            #expect(try await fixture.cloud.compute.quotas(of: fixture.people.demo).first?.used == 10)
            await #expect(throws: CloudError.self) { try await fixture.create(count: 1) }
        }
    }

    @Test func aCreateThatIsRefusedTakesNothing() async throws {
        try await CloudFixture.run { fixture in
            await #expect(throws: CloudError.self) { try await fixture.create(count: 11) }
            await #expect(throws: CloudError.self) { try await fixture.create { $0.securityGroups = ["no such"] } }
            await #expect(throws: CloudError.self) { try await fixture.create { $0.flavorID = FlavorID("no such") } }
            let held = try await fixture.holdings()
            #expect(held == Holdings())
        }
    }

    /// An unwell host is the emptiest, and all the same it is not chosen; it comes back by itself.
    @Test func anUnwellHostIsNotChosen() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        options.runsAgents = false
        try await CloudFixture.run(options) { fixture in
            let compute = fixture.cloud.compute
            for host in fixture.hosts {
                try await compute.heard(
                    HostReport(health: HostHealth(troubles: ["hypervisor": "libvirt does not answer"])), from: host.id)
            }
            try await compute.refreshCapacity()
            let id = try #require(try await fixture.create().first?.id)
            #expect(try await fixture.fault(of: id).contains("Of 2 hosts, 2 are unwell."))
            try await compute.heard(HostReport(), from: fixture.host.id)
            try await compute.refreshCapacity()
            #expect(compute.capacity[fixture.host.id]?.troubles.isEmpty == false)
            try await compute.heard(HostReport(health: HostHealth()), from: fixture.host.id)
            try await compute.refreshCapacity()
            #expect(try await fixture.create().first?.hostID == fixture.host.id)
        }
    }

    /// A host that fails builds comes last, until one succeeds there or ten minutes are over.
    @Test func failedBuildsWeighAgainstAHost() async throws {
        var options = CloudFixture.Options()
        options.hosts = 2
        try await CloudFixture.run(options) { fixture in
            let compute = fixture.cloud.compute
            let broken = fixture.hosts[0]
            broken.driver.fail(.start, times: 100)
            // Whichever host it is given to at first, it comes to run on the one that works.
            for _ in 0..<4 {
                let id = try await fixture.boot()
                #expect(try await fixture.server(id).hostID == fixture.hosts[1].id)
            }
            let failed = try #require(compute.capacity[broken.id]?.failedBuilds)
            #expect(failed == 1, "the emptier host was tried again and again")
            try await compute.refreshCapacity()
            #expect(compute.capacity[broken.id]?.failedBuilds == failed)
            let later = compute.clock.now().advanced(seconds: CapacityIndex.failureSeconds + 1)
            compute.capacity.countBuild(on: fixture.hosts[1].id, at: later)
            #expect(compute.capacity[broken.id]?.failedBuilds == 0)
            compute.capacity.countFailedBuild(on: broken.id, at: later)
            compute.capacity.countBuild(on: broken.id, at: later)
            #expect(compute.capacity[broken.id]?.failedBuilds == 0)
        }
    }
}
