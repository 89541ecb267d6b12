/// Where a server rests when nothing is being done to it.
package enum SettledState: String, Sendable, Codable, CaseIterable {
    case building, active, paused, suspended, stopped, rescued, resized, error, deleted
    case softDeleted = "soft_deleted"
    case shelved
    case shelvedOffloaded = "shelved_offloaded"

    /// Those in which a server is on a host.
    package static let placed: Set<Self> = [.active, .paused, .suspended, .stopped, .rescued, .resized, .shelved]
}

/// What can be done to a server: a row each of the table below (`docs/decisions/0015-operations-are-rows.md`).
package enum ServerOperation: String, Sendable, Codable, CaseIterable {
    case build, start, stop
    case rebootSoft = "reboot_soft"
    case rebootHard = "reboot_hard"
    case pause, unpause, suspend, resume
    case resetState = "reset_state"
    case lock, unlock
    case rebuild, rescue, unrescue
    case resize
    case confirmResize = "confirm_resize"
    case revertResize = "revert_resize"
    case shelve
    case shelveOffload = "shelve_offload"
    case unshelve
    case softDelete = "soft_delete"
    case restore
    case createImage = "create_image"
    case createBackup = "create_backup"
    case changePassword = "change_password"
    case triggerCrashDump = "trigger_crash_dump"
    case attachInterface = "attach_interface"
    case detachInterface = "detach_interface"
    case addKeys = "add_keys"
    case removeKeys = "remove_keys"
    case delete
}

package struct OperationRule: Sendable {
    /// How it comes about.
    package enum Goal: Sendable, Equatable {
        /// The server's row changes, and nothing else; no workflow has to run.
        case record
        /// The document wants that power, and the guest is seen in it.
        case power(DesiredPower)
        /// The host carries out a command, and the guest runs.
        case command(HostCommandAction)
        /// By steps of its own.
        case steps
    }

    /// What may be under way when it begins.
    package enum Interruption: Sendable, Equatable {
        case nothing
        case operations(Set<ServerOperation>)
        case everything
    }

    /// Where the server rests when it has failed.
    package enum Failure: Sendable, Equatable {
        /// Where its guest is, or where it was when nobody knows.
        case revert
        /// Likewise when the guest is on; else in ERROR.
        case revertIfOn
        case error
    }

    /// The workflow that carries it out.
    package var kind: String
    /// Nova's action name, as in `os-instance-actions`.
    package var action: String
    /// The word Nova uses in its refusals: "Cannot 'stop' instance ...".
    package var verb: String
    package var allowedFrom: Set<SettledState>
    package var interrupts = Interruption.nothing
    package var goal: Goal
    /// `task_state` by phase; the first is shown until a phase is set. An operation without any waits for its turn.
    package var taskStates: [String] = []
    package var failure = Failure.revert
    /// Whether a lock keeps it from beginning; what changes nothing of the server is not kept.
    package var heedsLock = true
    package var access = AccessLevel.member
    /// After which it has failed, whatever it waits for.
    package var deadlineSeconds: Double = 600

    /// The operation that leads from a settled state to a power, or from elsewhere where none begins there.
    package static func leading(from: SettledState, to power: DesiredPower) -> Self? {
        let rules = ServerOperation.allCases.map(\.rule).filter { $0.goal == .power(power) }
        return rules.first { $0.allowedFrom.contains(from) } ?? rules.first
    }

    /// Whether it shows in the server's state and keeps others out.
    package var occupies: Bool { !taskStates.isEmpty }

    fileprivate init(
        _ action: String, kind: String? = nil, verb: String? = nil, from: Set<SettledState>, _ goal: Goal,
        _ taskStates: String..., interrupts: Interruption = .nothing, failure: Failure = .revert,
        heedsLock: Bool = true, access: AccessLevel = .member, deadlineSeconds: Double = 600
    ) {
        self.kind = kind ?? "\(action)-server"
        self.action = action
        self.verb = verb ?? action
        allowedFrom = from
        self.goal = goal
        self.taskStates = taskStates
        self.interrupts = interrupts
        self.failure = failure
        self.heedsLock = heedsLock
        self.access = access
        self.deadlineSeconds = deadlineSeconds
    }
}

/// The rows. Required states are those of Nova's `check_instance_state` decorators (compute/api.py); where failures end
/// is told of in compute/manager.py.
extension OperationRule {
    private static let live = Set(SettledState.allCases).subtracting([.deleted])
    /// Nova's `ALLOW_REBOOT` (compute/task_states.py).
    private static let endedByReboot: Set<ServerOperation> = [
        .rebootSoft, .rebootHard, .pause, .unpause, .suspend, .resume,
    ]

    fileprivate static let build = OperationRule(
        "create", kind: "build-server", from: [.building], .steps, "scheduling", "networking", "spawning",
        failure: .error, deadlineSeconds: 1800)
    fileprivate static let start = OperationRule("start", from: [.stopped], .power(.running), "powering-on")
    fileprivate static let stop = OperationRule("stop", from: [.active, .error], .power(.stopped), "powering-off")
    fileprivate static let rebootSoft = OperationRule(
        "reboot", from: [.active], .command(.rebootSoft), "rebooting", failure: .revertIfOn)
    fileprivate static let rebootHard = OperationRule(
        "reboot", from: [.active, .stopped, .paused, .suspended, .error], .command(.rebootHard), "rebooting_hard",
        interrupts: .operations(endedByReboot), failure: .revertIfOn)
    fileprivate static let pause = OperationRule("pause", from: [.active], .power(.paused), "pausing")
    fileprivate static let unpause = OperationRule("unpause", from: [.paused], .power(.running), "unpausing")
    fileprivate static let suspend = OperationRule("suspend", from: [.active], .power(.suspended), "suspending")
    fileprivate static let resume = OperationRule("resume", from: [.suspended], .power(.running), "resuming")
    fileprivate static let resetState = OperationRule(
        "resetState", from: live, .record, interrupts: .everything, access: .admin)
    fileprivate static let lock = OperationRule("lock", from: live, .record)
    fileprivate static let unlock = OperationRule("unlock", from: live, .record)
    fileprivate static let rebuild = OperationRule(
        "rebuild", from: [.active, .stopped, .error], .steps, "rebuilding", "rebuild_spawning", failure: .error,
        deadlineSeconds: 1800)
    fileprivate static let rescue = OperationRule(
        "rescue", from: [.active, .stopped, .error], .steps, "rescuing", failure: .error, deadlineSeconds: 1800)
    fileprivate static let unrescue = OperationRule("unrescue", from: [.rescued], .steps, "unrescuing", failure: .error)
    fileprivate static let resize = OperationRule(
        "resize", from: [.active, .stopped], .steps, "resize_prep", "resize_migrating", "resize_finish",
        failure: .error, deadlineSeconds: 6 * 3600)
    fileprivate static let confirmResize = OperationRule(
        "confirmResize", kind: "confirm-resize", from: [.resized], .steps, "resize_confirming", failure: .error)
    fileprivate static let revertResize = OperationRule(
        "revertResize", kind: "revert-resize", from: [.resized], .steps, "resize_reverting", failure: .error,
        deadlineSeconds: 1800)
    fileprivate static let shelve = OperationRule(
        "shelve", from: [.active, .stopped, .paused, .suspended], .steps, "shelving", "shelving_image_pending_upload",
        "shelving_image_pending_upload", "shelving_image_uploading", "shelving_offloading",
        deadlineSeconds: 24 * 3600)
    fileprivate static let shelveOffload = OperationRule(
        "shelveOffload", kind: "shelve-offload-server", from: [.shelved], .steps, "shelving_offloading", access: .admin)
    fileprivate static let unshelve = OperationRule(
        "unshelve", from: [.shelved, .shelvedOffloaded], .steps, "unshelving", "spawning", deadlineSeconds: 1800)
    fileprivate static let softDelete = OperationRule(
        "delete", kind: "soft-delete-server", from: live, .steps, "soft-deleting", interrupts: .everything)
    fileprivate static let restore = OperationRule("restore", from: [.softDeleted], .steps, "restoring")
    fileprivate static let createImage = snapshot(
        "createImage", kind: "snapshot-server", begun: "image_snapshot_pending", "image_snapshot")
    fileprivate static let createBackup = snapshot(
        "createBackup", kind: "backup-server", begun: "image_backup", "image_backup")
    fileprivate static let changePassword = OperationRule(
        "changePassword", kind: "change-password", from: [.active], .steps, "updating_password", deadlineSeconds: 120)
    fileprivate static let triggerCrashDump = OperationRule(
        "trigger_crash_dump", kind: "trigger-crash-dump", from: [.active, .paused, .rescued, .resized, .error], .steps)
    fileprivate static let attachInterface = OperationRule(
        "attach_interface", kind: "attach-interface", from: [.active, .stopped], .steps)
    fileprivate static let detachInterface = OperationRule(
        "detach_interface", kind: "detach-interface", from: [.active, .stopped], .steps)
    fileprivate static let addKeys = OperationRule("add_keys", kind: "add-keys", from: [.active], .steps)
    fileprivate static let removeKeys = OperationRule("remove_keys", kind: "remove-keys", from: [.active], .steps)
    fileprivate static let delete = OperationRule(
        "delete", from: live, .steps, "deleting", interrupts: .everything, failure: .error, deadlineSeconds: 1800)

    /// A lock keeps nobody from it, as it changes nothing of the server. A disk may be large and the way to the image
    /// store slow.
    private static func snapshot(
        _ action: String, kind: String, begun: String, _ copying: String
    ) -> OperationRule {
        OperationRule(
            action, kind: kind, from: [.active, .stopped, .paused, .suspended], .steps, begun, copying,
            "image_pending_upload", "image_uploading", heedsLock: false, deadlineSeconds: 24 * 3600)
    }
}

extension ServerOperation {
    /// Whether leave to open the guest's consoles ends when it begins: the machine is not the same afterwards.
    package var endsConsoles: Bool { [.rebootHard, .rebuild, .shelve, .softDelete, .delete].contains(self) }

    package var rule: OperationRule {
        switch self {
        case .build: .build
        case .start: .start
        case .stop: .stop
        case .rebootSoft: .rebootSoft
        case .rebootHard: .rebootHard
        case .pause: .pause
        case .unpause: .unpause
        case .suspend: .suspend
        case .resume: .resume
        case .resetState: .resetState
        case .lock: .lock
        case .unlock: .unlock
        case .rebuild: .rebuild
        case .rescue: .rescue
        case .unrescue: .unrescue
        case .resize: .resize
        case .confirmResize: .confirmResize
        case .revertResize: .revertResize
        case .shelve: .shelve
        case .shelveOffload: .shelveOffload
        case .unshelve: .unshelve
        case .softDelete: .softDelete
        case .restore: .restore
        case .createImage: .createImage
        case .createBackup: .createBackup
        case .changePassword: .changePassword
        case .triggerCrashDump: .triggerCrashDump
        case .attachInterface: .attachInterface
        case .detachInterface: .detachInterface
        case .addKeys: .addKeys
        case .removeKeys: .removeKeys
        case .delete: .delete
        }
    }
}
