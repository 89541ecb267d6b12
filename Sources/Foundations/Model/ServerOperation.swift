/// Where a server rests when nothing is being done to it.
package enum SettledState: String, Sendable, Codable, CaseIterable {
    case building, active, stopped, error, deleted
}

/// What is being done to a server. At most one at a time; each is a row of the table below.
package enum ServerOperation: String, Sendable, Codable, CaseIterable {
    case build, start, stop
    case rebootSoft = "reboot_soft"
    case rebootHard = "reboot_hard"
    case delete
}

/// How an operation or a change reads to users: from where it may start and which `task_state` it shows.
package struct OperationRule: Sendable {
    /// The workflow that carries it out.
    package var kind: String
    /// Nova's action name, as in `os-instance-actions`.
    package var action: String
    /// The word Nova uses in its refusals: "Cannot 'stop' instance ...".
    package var verb: String
    package var allowedFrom: Set<SettledState>
    /// Whether it may begin while another operation is under way.
    package var takesOver: Bool
    /// `task_state` by phase; the first is shown until a phase is set.
    package var taskStates: [String]
    /// After which it has failed, whatever it waits for.
    package var deadlineSeconds: Double = 600
}

/// What is done to a server without a `task_state`. Changes wait for one another; an operation under way refuses them,
/// and one that comes later waits for them.
package enum ServerChange: String, Sendable, CaseIterable {
    case attachInterface = "attach_interface"
    case detachInterface = "detach_interface"

    package var rule: OperationRule {
        let kind = self == .attachInterface ? "attach-interface" : "detach-interface"
        return OperationRule(
            kind: kind, action: rawValue, verb: rawValue, allowedFrom: [.active, .stopped], takesOver: false,
            taskStates: [])
    }
}

extension ServerOperation {
    /// Required states are those of Nova's `check_instance_state` decorators.
    package var rule: OperationRule {
        switch self {
        case .build:
            OperationRule(
                kind: "build-server", action: "create", verb: "create", allowedFrom: [.building], takesOver: false,
                taskStates: ["scheduling", "networking", "spawning"], deadlineSeconds: 1800)
        case .start:
            OperationRule(
                kind: "start-server", action: "start", verb: "start", allowedFrom: [.stopped], takesOver: false,
                taskStates: ["powering-on"])
        case .stop:
            OperationRule(
                kind: "stop-server", action: "stop", verb: "stop", allowedFrom: [.active, .error], takesOver: false,
                taskStates: ["powering-off"])
        case .rebootSoft:
            OperationRule(
                kind: "reboot-server", action: "reboot", verb: "reboot", allowedFrom: [.active], takesOver: false,
                taskStates: ["rebooting"])
        case .rebootHard:
            OperationRule(
                kind: "reboot-server", action: "reboot", verb: "reboot", allowedFrom: [.active, .stopped, .error],
                takesOver: false,
                taskStates: ["rebooting_hard"])
        case .delete:
            OperationRule(
                kind: "delete-server", action: "delete", verb: "delete",
                allowedFrom: Set(SettledState.allCases).subtracting([.deleted]),
                takesOver: true, taskStates: ["deleting"], deadlineSeconds: 1800)
        }
    }
}
