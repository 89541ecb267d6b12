import Cloud
import Compute
import Foundation
import HostProtocol
import Model
import Store
import TestSupport
import Testing
import Workflow

/// A host that does not answer may have done anything. It delays, and harms nothing.
@Suite(.timeLimit(.minutes(3)))
struct SilentHostTests {
    private func run(_ body: @Sendable (Workshop, ManualClock) async throws -> Void) async throws {
        let clock = ManualClock()
        var options = CloudFixture.Options()
        options.clock = clock
        options.runsWorkflows = false
        options.runsAgents = false
        try await CloudFixture.run(options) { try await body(Workshop(fixture: $0), clock) }
    }

    private func see(
        _ power: GuestPower, of id: ServerID, epoch: Int64, _ fixture: CloudFixture
    ) async throws {
        try await fixture.cloud.compute.observe([
            ServerObservation(hostID: fixture.host.id, serverID: id, epoch: epoch, power: power)
        ])
    }

    private func documents(of id: ServerID, _ fixture: CloudFixture) async throws -> [DesiredServer] {
        try await fixture.cloud.compute.desired(of: fixture.host.id, after: 0).servers.filter { $0.serverID == id }
    }

    /// A server whose host has a document and has not answered.
    private func told(_ shop: Workshop) async throws -> ServerID {
        let id = try await shop.begin(WorkflowScenario.all[0])
        try await eventually("the host is told") {
            _ = await shop.fixture.runner().step()
            return try await !documents(of: id, shop.fixture).isEmpty
        }
        return id
    }

    @Test func aStepWhoseTimeIsOverIsUndoneWithoutTheHost() async throws {
        try await run { shop, clock in
            let fixture = shop.fixture
            let id = try await told(shop)
            let epoch = try await fixture.placement(of: id).epoch
            clock.advance(seconds: 1801)
            let ended = try await shop.finish(id)
            #expect(ended.outcome == .failed)
            #expect(try await fixture.fault(of: id).contains("was not done within 1800 seconds"))
            let wish = try #require(try await documents(of: id, fixture).first)
            #expect(wish.presence == .absent && wish.epoch > epoch)
            // It had made the guest after all, and says so late; then it does what it is told.
            try await see(.running, of: id, epoch: epoch, fixture)
            #expect(try await fixture.server(id).settled == .error)
            try await see(.absent, of: id, epoch: wish.epoch, fixture)
            #expect(try await documents(of: id, fixture).isEmpty)
            #expect(try await fixture.holdings() == brokenServer)
        }
    }

    @Test func aDeleteDoesNotWaitForAHostThatIsDown() async throws {
        try await run { shop, clock in
            let fixture = shop.fixture
            let id = try await told(shop)
            try await see(.running, of: id, epoch: try await fixture.placement(of: id).epoch, fixture)
            try await shop.finish(id)
            clock.advance(seconds: 3600)
            try await fixture.cloud.compute.begin(.delete, on: id, by: fixture.people.member)
            #expect(try await shop.finish(id).outcome == .succeeded)
            #expect(try await fixture.holdings() == Holdings())
            let debt = try #require(try await documents(of: id, fixture).first)
            #expect(debt.presence == .absent)
            try await see(.absent, of: id, epoch: debt.epoch, fixture)
            #expect(try await documents(of: id, fixture).isEmpty)
        }
    }
}
