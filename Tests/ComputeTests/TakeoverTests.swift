import Cloud
import Compute
import HostProtocol
import Hypervisor
import Model
import Testing
import TestSupport
import Workflow

/// What may begin while something else is under way, and what may not.
@Suite(.timeLimit(.minutes(3)))
struct TakeoverTests {
    /// However far the build has come, a delete leaves nothing of it.
    @Test(arguments: 0...3)
    func deleteTakesOverFromABuild(commits: Int) async throws {
        try await Workshop.run { shop in
            let fixture = shop.fixture
            fixture.host.driver.setLatency(.milliseconds(20), of: .start)
            let id = try await shop.begin(WorkflowScenario.all[0])
            for _ in 0..<commits { _ = await fixture.runner().step() }
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            #expect(try await fixture.server(id).state.taskState == "deleting")
            #expect(try await shop.finish(id).outcome == .succeeded)
            #expect(try await shop.settledHoldings(id, guests: 0) == Holdings())
            let build = try await fixture.workflows(of: id).last
            #expect(build?.failure == "The operation was ended by 'delete'.")
        }
    }

    @Test func deleteTakesAServerInError() async throws {
        try await CloudFixture.run { fixture in
            fixture.host.driver.fail(.start, times: 1)
            let id = try #require(try await fixture.create().first?.id)
            try await fixture.server(id) { $0.settled == .error }
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            try await fixture.server(id) { $0.settled == .deleted }
            #expect(try await fixture.holdings() == Holdings())
        }
    }

    @Test func deletingTwiceIsOneDelete() async throws {
        try await Workshop.run { shop in
            let id = try await shop.begin(WorkflowScenario.all[0])
            try await shop.finish(id)
            let (compute, member) = (shop.fixture.cloud.compute, shop.fixture.people.member)
            for _ in 0..<2 { try await compute.begin(.delete, on: id, by: member) }
            #expect(try await shop.fixture.workflows(of: id).count == 2)
            try await shop.finish(id)
            await #expect(throws: CloudError.self) {
                try await shop.fixture.cloud.compute.begin(.delete, on: id, by: shop.fixture.people.member)
            }
        }
    }

    /// In Nova's words (compute/api.py, exception.InstanceInvalidState).
    @Test func operationsRefuseOneAnother() async throws {
        try await Workshop.run { shop in
            let (compute, member) = (shop.fixture.cloud.compute, shop.fixture.people.member)
            let id = try await shop.begin(WorkflowScenario.all[0])
            let building = await refusal { try await compute.begin(.stop, on: id, by: member) }
            #expect(building == "Cannot 'stop' instance \(id) while it is in vm_state building")
            try await shop.finish(id)
            let running = await refusal { try await compute.begin(.start, on: id, by: member) }
            #expect(running == "Cannot 'start' instance \(id) while it is in vm_state active")
            try await compute.begin(.stop, on: id, by: member)
            for again in [
                await refusal { try await compute.begin(.stop, on: id, by: member) },
                await refusal { try await compute.begin(.rebootHard, on: id, by: member) },
            ] {
                #expect(again.hasPrefix("Cannot '"))
                #expect(again.hasSuffix("instance \(id) while it is in task_state powering-off"))
            }
            try await shop.finish(id)
            let stopped = await refusal { try await compute.begin(.rebootSoft, on: id, by: member) }
            #expect(stopped == "Cannot 'reboot' instance \(id) while it is in vm_state stopped")
        }
    }

    @Test func aLockedServerIsItsOwnersToUnlock() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            try await compute.lock(id, reason: nil, by: member)
            let refused = await refusal { try await compute.begin(.stop, on: id, by: member) }
            #expect(refused == "Instance \(id) is locked")
            try await compute.unlock(id, by: member)
            try await compute.begin(.stop, on: id, by: member)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
        }
    }

    /// A reboot that failed is not made up for by the operation after it.
    @Test func aFailedRebootDoesNotComeBack() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            fixture.host.driver.fail(.start, times: 1)
            try await compute.begin(.rebootHard, on: id, by: member)
            try await fixture.server(id) { $0.settled == .error }
            let starts = fixture.host.driver.startCount(of: id)
            try await compute.begin(.stop, on: id, by: member)
            try await fixture.server(id) { $0.settled == .stopped && $0.operation == nil }
            #expect(try await fixture.host.driver.power(of: id) == .shutdown)
            #expect(fixture.host.driver.startCount(of: id) == starts)
        }
    }
}
