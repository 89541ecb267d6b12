/// A server's state as the API shows it: a pure function of where it rests, what is being done to it, how far that has
/// come, and what was last observed. Nothing else writes these words.
package struct ServerState: Sendable, Equatable {
    package var status: String
    package var vmState: String
    package var taskState: String?
    /// Nova's numbers: 0 no state, 1 running, 3 paused, 4 shutdown, 6 crashed, 7 suspended.
    package var powerState: Int

    package init(settled: SettledState, operation: ServerOperation?, phase: Int, power: Int) {
        vmState = Self.vmState(settled)
        if let operation {
            let states = operation.rule.taskStates
            taskState = states[min(max(phase, 0), states.count - 1)]
        }
        status = Self.status(settled: settled, operation: operation)
        powerState = settled == .deleted || settled == .building ? 0 : power
    }

    private static func vmState(_ settled: SettledState) -> String {
        settled.rawValue
    }

    /// Nova's `_STATE_MAP` (api/openstack/common.py).
    private static func status(settled: SettledState, operation: ServerOperation?) -> String {
        switch (settled, operation) {
        case (.active, .rebootSoft): "REBOOT"
        case (.active, .rebootHard): "HARD_REBOOT"
        case (.active, _): "ACTIVE"
        case (.building, _): "BUILD"
        case (.stopped, _): "SHUTOFF"
        case (.error, _): "ERROR"
        case (.deleted, _): "DELETED"
        }
    }
}
