import Cloud
import Compute
import HTTPTypes
import HostProtocol
import Hypervisor
import Model
import TestSupport
import Testing

/// What rows of the table of operations say, seen on servers.
@Suite(.timeLimit(.minutes(3)))
struct OperationTests {
    private func rest(_ fixture: CloudFixture, _ id: ServerID, _ operation: ServerOperation) async throws -> Server {
        try await fixture.cloud.compute.begin(operation, on: id, by: fixture.people.member)
        return try await fixture.server(id) { $0.operation == nil }
    }

    /// The reason stands in the action; the server is what its guest is, and stays so when the host can again.
    @Test(arguments: [
        (ServerOperation.stop, SimulatedDriver.Verb.stop), (.pause, .pause), (.suspend, .suspend),
        (.rebootHard, .stop),
    ])
    func whatFailsLeavesAHealthyGuestAlone(_ operation: ServerOperation, _ verb: SimulatedDriver.Verb) async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            fixture.host.driver.fail(verb, with: HostFailure(message: "It does not let go.", detail: "test"))
            let after = try await rest(fixture, id, operation)
            #expect(after.state.status == "ACTIVE" && after.fault == nil)
            let action = try #require(try await fixture.workflows(of: id).first)
            #expect(action.outcome == .failed && action.failure == "It does not let go.")
            try await fixture.placement(of: id) { $0.isAnswered }
            #expect(try await fixture.host.driver.power(of: id) == .running)
            #expect(try await rest(fixture, id, .stop).state.status == "SHUTOFF")
        }
    }

    @Test(arguments: [
        (ServerOperation.stop, ServerOperation.start, SimulatedDriver.Verb.start, "SHUTOFF"),
        (.pause, .unpause, .unpause, "PAUSED"), (.suspend, .resume, .start, "SUSPENDED"),
    ])
    func whatFailsLeavesAServerWhereItWas(
        before: ServerOperation, operation: ServerOperation, verb: SimulatedDriver.Verb, status: String
    ) async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            #expect(try await rest(fixture, id, before).state.status == status)
            fixture.host.driver.fail(verb)
            #expect(try await rest(fixture, id, operation).state.status == status)
            #expect(try await rest(fixture, id, operation).state.status == "ACTIVE")
        }
    }

    @Test func aRebootThatLosesTheGuestIsAnError() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            fixture.host.driver.fail(.start, with: HostFailure(message: "It does not start.", detail: "test"))
            #expect(try await rest(fixture, id, .rebootHard).state.status == "ERROR")
            #expect(try await fixture.fault(of: id) == "It does not start.")
        }
    }

    @Test func aSuspendedGuestComesBackAsItWas() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            let starts = fixture.host.driver.startCount(of: id)
            #expect(try await rest(fixture, id, .suspend).state.powerState == 4)
            fixture.host.driver.hostRestarts()
            #expect(try await rest(fixture, id, .resume).state.status == "ACTIVE")
            #expect(fixture.host.driver.startCount(of: id) == starts)
            _ = try await rest(fixture, id, .suspend)
            _ = try await rest(fixture, id, .rebootHard)
            #expect(fixture.host.driver.startCount(of: id) == starts + 1)
        }
    }

    /// What an operator does on the host is what the server is.
    @Test func aGuestThatIsPausedOutsideIsPaused() async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            fixture.host.driver.guestMoves(id, to: .paused)
            let paused = try await fixture.server(id) { $0.settled == .paused }
            #expect(paused.state.status == "PAUSED" && paused.state.powerState == 3)
            try await fixture.placement(of: id) { $0.isAnswered }
            #expect(try await fixture.host.driver.power(of: id) == .paused)
            fixture.host.driver.guestMoves(id, to: .shutdown)
            try await fixture.server(id) { $0.state.status == "SHUTOFF" }
        }
    }

    /// What nobody has asked for stands among the actions, with its cause.
    @Test(arguments: [
        (GuestPower.shutdown, GuestEnd.poweredOff, WorkflowRecord.Outcome.succeeded),
        (.shutdown, .destroyed, .succeeded), (.shutdown, .crashed, .failed), (.crashed, .crashed, .failed),
    ])
    func whatHappensOutsideIsAnAction(
        _ power: GuestPower, _ end: GuestEnd, _ outcome: WorkflowRecord.Outcome
    ) async throws {
        try await CloudFixture.run { fixture in
            let id = try await fixture.boot()
            fixture.host.driver.guestMoves(id, to: power, end)
            try await fixture.server(id) { $0.settled == .stopped }
            try await fixture.placement(of: id) { $0.isAnswered }
            let action = try #require(try await fixture.workflows(of: id).first)
            #expect(action.action == "stop" && action.userID.text.isEmpty)
            #expect(action.failure == end.words && action.outcome == outcome)
            let path = "/compute/v2.1/servers/\(id)/os-instance-actions/\(action.requestID)"
            let shown = try await fixture.request(.get, path)
            #expect(shown.text("instanceAction.user_id").isEmpty)
            #expect(shown.text("instanceAction.message") == end.words)
            fixture.host.driver.guestMoves(id, to: .running)
            try await fixture.server(id) { $0.settled == .active }
            #expect(try await fixture.workflows(of: id).map(\.action) == ["start", "stop", "create"])
        }
    }

    /// Nova's ALLOW_REBOOT: the way out of a pause that hangs.
    @Test func aHardRebootEndsAPause() async throws {
        try await Workshop.run { shop in
            let id = try await shop.begin(WorkflowScenario.all[0])
            try await shop.finish(id)
            let (compute, member) = (shop.fixture.cloud.compute, shop.fixture.people.member)
            try await compute.begin(.pause, on: id, by: member)
            let refused = await refusal { try await compute.begin(.suspend, on: id, by: member) }
            #expect(refused == "Cannot 'suspend' instance \(id) while it is in task_state pausing")
            try await compute.begin(.rebootHard, on: id, by: member)
            try await shop.finish(id)
            let server = try await shop.fixture.server(id)
            let placement = try await shop.fixture.placement(of: id)
            #expect(server.state.status == "ACTIVE" && placement.observedPower == .running)
            let pause = try #require(try await shop.fixture.workflows(of: id).first { $0.action == "pause" })
            #expect(pause.outcome == .failed && pause.failure == "The operation was ended by 'reboot'.")
        }
    }

    @Test func aStateIsResetWhateverIsUnderWay() async throws {
        try await Workshop.run { shop in
            let id = try await shop.begin(WorkflowScenario.all[0])
            let (compute, people) = (shop.fixture.cloud.compute, shop.fixture.people)
            try await shop.finish(id)
            try await compute.begin(.stop, on: id, by: people.member)
            try await compute.resetState(id, to: .error, by: people.admin)
            let broken = try await shop.fixture.server(id)
            #expect(broken.state == ServerState(settled: .error, operation: nil, phase: 0, power: 1))
            try await compute.resetState(id, to: .active, by: people.admin)
            #expect(try await shop.fixture.server(id).state.status == "ACTIVE")
            let actions = try await shop.fixture.workflows(of: id).filter { $0.action == "resetState" }
            #expect(actions.count == 2 && actions.allSatisfy { $0.outcome == .succeeded })
        }
    }

    @Test func locksAreActions() async throws {
        try await CloudFixture.run { fixture in
            let (compute, member) = (fixture.cloud.compute, fixture.people.member)
            let id = try await fixture.boot()
            try await compute.lock(id, reason: "busy", by: member)
            try await compute.lock(id, reason: "again", by: member)
            #expect(try await fixture.server(id).lockedReason == "busy")
            try await compute.unlock(id, by: member)
            #expect(try await fixture.workflows(of: id).map(\.action) == ["unlock", "lock", "create"])
        }
    }
}
