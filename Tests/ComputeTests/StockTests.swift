import Cloud
import Compute
import Dataplane
import HostProtocol
import Hypervisor
import Model
import Testing
import TestSupport
import Workflow

/// What every workflow must be able to do.
@Suite(.timeLimit(.minutes(3)))
struct StockTests {
    @Test func everyWorkflowHasAScenario() async throws {
        try await Workshop.run { shop in
            #expect(Set(shop.fixture.cloud.compute.workflows.map(\.kind)) == Set(WorkflowScenario.all.map(\.kind)))
        }
    }

    private func expectSuccess(_ scenario: WorkflowScenario, _ id: ServerID, _ shop: Workshop) async throws {
        let server = try await shop.fixture.server(id)
        let isGone = scenario.end == .deleted
        #expect(server.settled == scenario.end)
        #expect(server.operation == nil)
        #expect(server.fault == nil)
        #expect(try await shop.newest(id).outcome == .succeeded)
        #expect(
            try await shop.settledHoldings(id, guests: isGone ? 0 : 1 + scenario.more.guests)
                == (isGone ? Holdings() : oneServer(ports: scenario.ports) + scenario.more))
        #expect(try await shop.fixture.host.driver.power(of: id) == scenario.power)
        try await expectItsPorts(id, shop)
    }

    private func expectToRestWhereItsGuestIs(_ scenario: WorkflowScenario, _ id: ServerID, _ shop: Workshop)
        async throws
    {
        try await eventually("the server rests where its guest is") {
            let (server, power) = (try await shop.fixture.server(id), try await shop.fixture.host.driver.power(of: id))
            let placement = try await shop.fixture.placement(of: id)
            if server.settled == .error { return scenario.errorWhenOff && !placement.observedPower.isOn }
            return placement.isAnswered && DesiredPower(seen: power)?.settled == server.settled
        }
    }

    /// A guest that runs has a NIC for each port of its server, and no other.
    private func expectItsPorts(_ id: ServerID, _ shop: Workshop) async throws {
        let fixture = shop.fixture
        guard try await fixture.host.driver.power(of: id) == .running else { return }
        let ports = try await fixture.cloud.compute.attachments(of: id, by: fixture.people.member).map(\.port.id)
        let taps = Set(ports.map { fixture.host.dataplane.tapName(of: $0) })
        try await eventually("the guest has NICs on \(taps), or has gone off") {
            if try await fixture.host.driver.power(of: id) != .running { return true }
            return try await fixture.host.driver.taps(of: id) == taps
        }
    }

    @Test(arguments: WorkflowScenario.all)
    func completes(_ scenario: WorkflowScenario) async throws {
        try await Workshop.run { shop in
            let id = try await shop.begin(scenario)
            try await shop.finishUndisturbed(id)
            try await expectSuccess(scenario, id, shop)
        }
    }

    /// Each commit is the last of its runner's life; another goes on.
    @Test(arguments: WorkflowScenario.all)
    func survivesADeathAfterEachCommit(_ scenario: WorkflowScenario) async throws {
        try await Workshop.run { shop in
            let id = try await shop.begin(scenario)
            try await shop.finish(id)
            try await expectSuccess(scenario, id, shop)
        }
    }

    /// A death between a step's work and its commit makes the step run again.
    @Test(arguments: WorkflowScenario.all)
    func eachStepMayRunTwice(_ scenario: WorkflowScenario) async throws {
        try await Workshop.run { shop in
            let id = try await shop.begin(scenario)
            let doubled = shop.fixture.cloud.compute.workflows.map { definition in
                WorkflowDefinition(
                    kind: definition.kind, deadlineSeconds: definition.deadlineSeconds,
                    steps: definition.steps.map { step in
                        Step(step.name, undo: step.undo) { context in
                            _ = try await step.run(context)
                            return try await step.run(context)
                        }
                    }, unwound: definition.unwound)
            }
            try await shop.finish(id, with: doubled)
            try await expectSuccess(scenario, id, shop)
        }
    }

    /// A step fails before it has done anything, or after it has done everything but commit.
    @Test(arguments: WorkflowScenario.all, [true, false])
    func unwindsFromAFailureAtEachStep(_ scenario: WorkflowScenario, hasWorked: Bool) async throws {
        try await Workshop.run { shop in
            for step in 0..<shop.stepCount(of: scenario.kind) {
                let id = try await shop.begin(scenario)
                let failing = shop.definitions(of: scenario.kind, step: step) { $0.failing(after: hasWorked) }
                let ended = try await shop.finish(id, with: failing)
                #expect(ended.outcome == .failed)
                #expect(ended.failure == "injected")
                let server = try await shop.fixture.server(id)
                #expect(server.operation == nil)
                if let last = scenario.pointOfNoReturn, step >= last {
                    #expect(server.settled == scenario.end)
                } else if let end = scenario.endAfterFailure {
                    #expect(server.settled == end)
                } else {
                    try await expectToRestWhereItsGuestIs(scenario, id, shop)
                }
                #expect(try await shop.fixture.fault(of: id) == (server.settled == .error ? "injected" : ""))
                try await expectItsPorts(id, shop)
                if scenario.kind == "build-server" {
                    #expect(try await shop.settledHoldings(id, guests: 0) == brokenServer)
                }
                try await expectCleanDelete(id, shop)
            }
        }
    }

    /// Undoing runs twice at every step, and what it wanted to commit is committed twice.
    @Test(arguments: WorkflowScenario.all)
    func eachUndoMayRunTwice(_ scenario: WorkflowScenario) async throws {
        try await Workshop.run { shop in
            let last = shop.stepCount(of: scenario.kind) - 1
            let id = try await shop.begin(scenario)
            let doubled = shop.definitions(of: scenario.kind, step: last) { $0.failing(after: true) }.map {
                definition in
                WorkflowDefinition(
                    kind: definition.kind, deadlineSeconds: definition.deadlineSeconds,
                    steps: definition.steps.map(\.undoneTwice), unwound: definition.unwound)
            }
            #expect(try await shop.finish(id, with: doubled).outcome == .failed)
            if scenario.kind == "build-server" {
                #expect(try await shop.settledHoldings(id, guests: 0) == brokenServer)
            }
            try await expectCleanDelete(id, shop)
        }
    }

    private func expectCleanDelete(_ id: ServerID, _ shop: Workshop) async throws {
        try await shop.fixture.cloud.compute.begin(.delete, on: id, by: shop.fixture.people.member)
        #expect(try await shop.finish(id).outcome == .succeeded)
        #expect(try await shop.settledHoldings(id, guests: 0) == Holdings())
    }
}

extension Step {
    fileprivate func failing(after hasWorked: Bool) -> Step {
        let failure = CloudError(.conflict, "injected")
        return Step(name, undo: undo) { context in
            guard hasWorked else { throw failure }
            let outcome = try await run(context)
            guard case .nap = outcome else { throw failure }
            return outcome
        }
    }

    fileprivate var undoneTwice: Step {
        guard case .run(let body) = undo else { return self }
        return Step(
            name,
            undo: .run { context in
                let first = try await body(context)
                let second = try await body(context)
                return { db in
                    try first(db)
                    try second(db)
                }
            }, run: run)
    }
}
