/// A server's state as the API shows it: a pure function of where it rests, what is being done to it, how far that has
/// come, and what was last observed. Nothing else writes these words.
package struct ServerState: Sendable, Equatable {
    package var status: String
    package var vmState: String
    package var taskState: String?
    /// Nova's numbers: 0 no state, 1 running, 3 paused, 4 shutdown, 6 crashed, 7 suspended.
    package var powerState: Int

    package init(settled: SettledState, operation: ServerOperation?, phase: Int, power: Int) {
        vmState = settled == .softDeleted ? "soft-delete" : settled.rawValue
        if let states = operation?.rule.taskStates, !states.isEmpty {
            taskState = states[min(max(phase, 0), states.count - 1)]
        }
        status = taskState.flatMap { Self.status(settled, during: $0) } ?? Self.status(settled)
        powerState = settled == .deleted || settled == .building ? 0 : power
    }

    /// The defaults of Nova's `_STATE_MAP` (api/openstack/common.py).
    private static func status(_ settled: SettledState) -> String {
        switch settled {
        case .active: "ACTIVE"
        case .building: "BUILD"
        case .stopped: "SHUTOFF"
        case .resized: "VERIFY_RESIZE"
        case .paused: "PAUSED"
        case .suspended: "SUSPENDED"
        case .rescued: "RESCUE"
        case .error: "ERROR"
        case .deleted: "DELETED"
        case .softDeleted: "SOFT_DELETED"
        case .shelved: "SHELVED"
        case .shelvedOffloaded: "SHELVED_OFFLOADED"
        }
    }

    /// Its other entries; `nil` where a task does not change the status.
    private static func status(_ settled: SettledState, during task: String) -> String? {
        switch task {
        case "rebooting", "reboot_pending", "reboot_started": settled == .active ? "REBOOT" : nil
        case "rebooting_hard", "reboot_pending_hard", "reboot_started_hard": settled == .active ? "HARD_REBOOT" : nil
        case "updating_password": settled == .active ? "PASSWORD" : nil
        case "rebuilding", "rebuild_block_device_mapping", "rebuild_spawning":
            [.active, .stopped, .error].contains(settled) ? "REBUILD" : nil
        case "migrating": [.active, .paused].contains(settled) ? "MIGRATING" : nil
        case "resize_prep", "resize_migrating", "resize_migrated", "resize_finish":
            [.active, .stopped].contains(settled) ? "RESIZE" : nil
        case "resize_reverting": settled == .resized ? "REVERT_RESIZE" : nil
        default: nil
        }
    }
}
