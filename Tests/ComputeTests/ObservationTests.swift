import Cloud
import Compute
import HostProtocol
import HostStorage
import Hypervisor
import Model
import Networking
import Testing
import TestSupport

/// What hosts say of servers, and what comes of it.
@Suite(.timeLimit(.minutes(3)))
struct ObservationTests {
    @Test func aGuestThatPowersItselfOffStaysOff() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let starts = fixture.host.driver.startCount(of: id)
            fixture.host.driver.guestMoves(id, to: .shutdown)
            let stopped = try await fixture.server(id) { $0.settled == .stopped }
            #expect(stopped.state.status == "SHUTOFF")
            #expect(stopped.state.powerState == 4)
            try await eventually("the host is told that it stays off") {
                try await fixture.placement(of: id).isAnswered
            }
            #expect(fixture.host.driver.startCount(of: id) == starts)
            #expect(try await fixture.host.driver.power(of: id) == .shutdown)
        }
    }

    @Test func aGuestThatStartsByItselfIsActive() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            try await fixture.cloud.compute.begin(.stop, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            fixture.host.driver.guestMoves(id, to: .running)
            let running = try await fixture.server(id) { $0.settled == .active }
            #expect(running.state.powerState == 1)
        }
    }

    @Test func aLateObservationSettlesNothing() async throws {
        var options = CloudFixture.Options()
        options.runsAgents = false
        try await CloudFixture.run(options) { fixture in
            let compute = fixture.cloud.compute
            func see(_ id: ServerID, _ power: GuestPower, epoch: Int64) async throws {
                try await compute.observe([
                    ServerObservation(hostID: fixture.host.id, serverID: id, epoch: epoch, power: power)
                ])
            }
            let id = try #require(try await fixture.create().first?.id)
            let told = try await fixture.placement(of: id) { $0.epoch > 0 }
            try await see(id, .running, epoch: told.epoch - 1)
            #expect(try await fixture.placement(of: id).observedPower == .unknown)
            try await see(id, .running, epoch: told.epoch)
            try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
            try await compute.begin(.stop, on: id, by: fixture.people.member)
            let stopping = try await fixture.placement(of: id) { $0.epoch > told.epoch }
            try await see(id, .shutdown, epoch: told.epoch)
            #expect(try await fixture.placement(of: id).observedPower == .running)
            try await see(id, .shutdown, epoch: stopping.epoch)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            try await see(id, .running, epoch: told.epoch)
            #expect(try await fixture.server(id).settled == .stopped)
        }
    }

    /// A host speaks of its own servers only.
    @Test func anotherHostsWordCountsForNothing() async throws {
        var options = CloudFixture.Options()
        options.runsAgents = false
        options.hosts = 2
        try await CloudFixture.run(options) { fixture in
            let id = try #require(try await fixture.create().first?.id)
            let told = try await fixture.placement(of: id) { $0.epoch > 0 }
            let other = try #require(fixture.hosts.first { $0.id != told.hostID })
            try await fixture.cloud.compute.observe([
                ServerObservation(hostID: other.id, serverID: id, epoch: told.epoch, power: .running)
            ])
            #expect(try await fixture.placement(of: id).observedPower == .unknown)
        }
    }

    /// What the guest does after its host has failed takes neither the reason away nor the power it should have.
    @Test func aReasonOutlivesWhatIsSeenAfterIt() async throws {
        try await Workshop.run { shop in
            let id = try await shop.begin(WorkflowScenario.all[0])
            try await shop.finish(id)
            let compute = shop.fixture.cloud.compute
            let placement = try await shop.fixture.placement(of: id)
            func seen(_ failure: HostFailure?) async throws {
                try await compute.observe([
                    ServerObservation(
                        hostID: shop.fixture.host.id, serverID: id, epoch: placement.epoch, power: .shutdown,
                        failure: failure)
                ])
            }
            try await seen(HostFailure(message: "The network is not there.", detail: "test"))
            #expect(try await shop.fixture.server(id).settled == .active)
            #expect(try await shop.fixture.placement(of: id).epoch == placement.epoch)
            try await compute.begin(.stop, on: id, by: shop.fixture.people.member)
            try await seen(HostFailure(message: "It does not stop.", detail: "test"))
            try await seen(nil)
            #expect(try await shop.fixture.placement(of: id).failure?.contains("It does not stop.") == true)
        }
    }

    @Test func theHostsOwnWordsAreTheFault() async throws {
        try await CloudFixture.run { fixture in
            fixture.host.storage.failPrepare(
                with: HostFailure(message: "The host's disk is full.", detail: "ENOSPC /var/lib"))
            let id = try #require(try await fixture.create().first?.id)
            try await fixture.server(id) { $0.settled == .error }
            #expect(try await fixture.fault(of: id) == "The host's disk is full.")
            fixture.host.storage.failPrepare(with: nil)
            try await eventually("the host holds nothing") { try await fixture.holdings().guests == 0 }
            #expect(try await fixture.holdings() == brokenServer)
        }
    }

    @Test(arguments: [SimulatedDriver.Verb.define, .start])
    func aVerbThatFailsUndoesTheBuild(_ verb: SimulatedDriver.Verb) async throws {
        try await CloudFixture.run { fixture in
            fixture.host.driver.fail(verb, times: 1)
            let id = try #require(try await fixture.create().first?.id)
            try await fixture.server(id) { $0.settled == .error }
            #expect(try await fixture.fault(of: id) == "The simulated host refused.")
            try await eventually("nothing is left but the quota") {
                try await fixture.holdings() == brokenServer
            }
        }
    }

    /// Both were accepted while the address was free.
    @Test func anAddressThatIsTakenUndoesTheBuild() async throws {
        var options = CloudFixture.Options()
        options.runsWorkflows = false
        try await CloudFixture.run(options) { fixture in
            let wish = [RequestedNIC(networkID: try await fixture.ownNetwork(), fixedIP: "10.20.0.77")]
            let ids = [
                try await fixture.create { $0.nics = wish }, try await fixture.create { $0.nics = wish },
            ].compactMap(\.first?.id)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await fixture.cloud.run() }
                for id in ids { try await fixture.server(id) { [.active, .error].contains($0.settled) } }
                let faults = [try await fixture.fault(of: ids[0]), try await fixture.fault(of: ids[1])]
                #expect(faults.filter { $0.contains("10.20.0.77") }.count == 1, "\(faults)")
                var both = oneServer()
                (both.instances, both.cores, both.ram) = (2, 2, 512)
                #expect(try await fixture.holdings() == both)
                group.cancelAll()
            }
        }
    }
}
