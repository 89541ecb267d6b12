import Model
import Testing
import TestSupport

@Suite struct ServerStateTests {
    /// Every settled state, under every operation, in every phase, with a running guest.
    private func table() -> String {
        var lines = ["# settled operation phase may-begin -> status vm_state task_state power_state"]
        for settled in SettledState.allCases {
            for operation in [nil] + ServerOperation.allCases.map({ $0 as ServerOperation? }) {
                for phase in 0..<(operation?.rule.taskStates.count ?? 1) {
                    let state = ServerState(settled: settled, operation: operation, phase: phase, power: 1)
                    let begins = operation.map { $0.rule.allowedFrom.contains(settled) ? "yes" : "no" } ?? "-"
                    let before = "\(settled.rawValue) \(operation?.rawValue ?? "-") \(phase) \(begins)"
                    let after = "\(state.status) \(state.vmState) \(state.taskState ?? "-") \(state.powerState)"
                    lines.append("\(before) -> \(after)")
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func matchesTheGoldenTable() throws {
        let table = table()
        #expect(try Golden.text("states/server-states.txt", rewrittenWith: table) == table)
    }

    @Test(arguments: ServerOperation.allCases)
    func phasesOutsideTheTableShowTheNearest(operation: ServerOperation) {
        func taskState(_ phase: Int) -> String? {
            ServerState(settled: .active, operation: operation, phase: phase, power: 1).taskState
        }
        #expect(taskState(-1) == operation.rule.taskStates.first)
        #expect(taskState(99) == operation.rule.taskStates.last)
    }

    @Test func onlyAServerThatMayHaveAGuestShowsItsPower() {
        for settled in SettledState.allCases {
            let shown = ServerState(settled: settled, operation: nil, phase: 0, power: 4).powerState
            #expect(shown == ([.building, .deleted].contains(settled) ? 0 : 4))
        }
    }

    @Test func everyOperationButBuildBeginsFromAStateThatUsersSee() {
        for operation in ServerOperation.allCases {
            #expect(!operation.rule.allowedFrom.isEmpty && !operation.rule.allowedFrom.contains(.deleted))
            let endsAll = [ServerOperation.delete, .softDelete, .resetState].contains(operation)
            #expect((operation.rule.interrupts == .everything) == endsAll)
            #expect(operation.rule.goal != .record || !operation.rule.occupies)
        }
    }
}
