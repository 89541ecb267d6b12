import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// One of what `POST /servers/{id}/action` does.
struct ServerAction: Sendable {
    var access: AccessLevel = .member
    /// The oldest version that has it.
    var first = VersionRange.compute.minimum
    /// The newest version that has it.
    var last = VersionRange.compute.maximum
    /// Gets the value of the action's key in the body.
    var run: @Sendable (APIRequest, JSONValue) async throws -> APIResponse
}

/// `POST /servers/{id}/action`: one row an action, by the key of the body.
struct ServerActionsAPI: Sendable {
    private typealias Action = ServerAction

    private static let path = "/servers/{id}/action"

    let compute: ComputeService
    let lookups: ServerLookups
    let policy: ComputePolicy
    /// What Nova has other services do.
    let proxied: [String: ServerAction]

    var routes: [Route] { [route(of: nil)] }

    /// Some of the actions, or all.
    func route(of names: Set<String>?) -> Route {
        let all = actions.merging(SnapshotActions(compute: compute).all) { $1 }
            .merging(MachineActions(compute: compute).all) { $1 }
            .merging(SetAsideActions(compute: compute).all) { $1 }
            .merging(GuestActions(compute: compute).all) { $1 }.merging(proxied) { $1 }
        let known = names.map { names in all.filter { names.contains($0.key) } } ?? all
        let unfinished = Self.unfinished.filter { names?.contains($0.key) ?? true }
        return Route(.post, Self.path, .authenticated) { try await dispatch($0, known, unfinished) }
    }

    private var actions: [String: Action] {
        [
            "os-start": plain(.start),
            "os-stop": plain(.stop),
            "pause": plain(.pause),
            "unpause": plain(.unpause),
            "suspend": plain(.suspend),
            "resume": plain(.resume),
            "os-resetState": Action(access: ServerOperation.resetState.rule.access, run: resetState),
            "reboot": Action(run: reboot),
            "os-getConsoleOutput": Action(run: console),
            "os-getVNCConsole": remoteConsole("vnc", ["novnc", "xvpvnc"]),
            "os-getSerialConsole": remoteConsole("serial", ["serial"]),
            "os-getSPICEConsole": remoteConsole("spice", ["spice-html5"]),
            "os-getRDPConsole": Action(last: RemoteConsolesAPI.lastAction) { _, _ in throw CloudError.gone },
            "injectNetworkInfo": Action(access: .admin) { request, _ in
                // A guest asks for its network itself; what is shown of it is brought up to date, as in Nova.
                let server = try await compute.server(request.id(), by: request.caller)
                try await compute.refreshAddresses(of: [server.id.text])
                return .accepted
            },
            "lock": Action(run: lock),
            "unlock": Action(run: unlock),
            "addSecurityGroup": Action { request, body in
                try await compute.addSecurityGroup(try Self.group(body), to: request.id(), by: request.caller)
                return .accepted
            },
            "removeSecurityGroup": Action { request, body in
                try await compute.removeSecurityGroup(try Self.group(body), from: request.id(), by: request.caller)
                return .accepted
            },
        ]
    }

    /// An action of which its name says all; Nova passes over what else the body holds.
    private func plain(_ operation: ServerOperation) -> Action {
        Action(access: operation.rule.access) { request, _ in
            try await compute.begin(operation, on: request.id(), by: request.caller)
            return .accepted
        }
    }

    /// Nova's other actions, and the states of the server that it has them in; they are known and not there yet.
    private static let unfinished: [String: Set<SettledState>] = [
        "evacuate": [.active, .stopped, .error], "migrate": [.active, .stopped], "os-migrateLive": [.active, .paused],
    ]

    /// Actions that Nova has removed.
    private static let gone: Set<String> = ["resetNetwork"]

    private func dispatch(
        _ request: APIRequest, _ actions: [String: Action], _ unfinished: [String: Set<SettledState>]
    ) async throws -> APIResponse {
        guard case .object(let members) = try await request.json(), members.count == 1, let member = members.first
        else {
            throw CloudError.badRequest("The body must be an object with one key, the action's name.")
        }
        let rule = PolicyRules.rule(of: .post, Self.path, action: member.key)
        func require(_ level: AccessLevel) async throws {
            try await policy.require(rule, or: level, request.caller) {
                try await ComputePolicy.target(of: request, Self.path, compute)
            }
        }
        guard let action = actions[member.key] else {
            if let states = unfinished[member.key] {
                try await require(rule?.level ?? .member)
                try await compute.requireState(states, of: request.id(), for: member.key, by: request.caller)
                throw CloudError(.notImplemented, "The action '\(member.key)' is not available in this release.")
            }
            if Self.gone.contains(member.key) { throw CloudError.gone }
            throw CloudError.badRequest("There is no such action: \(member.key.prefix(80))")
        }
        guard (action.first...action.last).contains(request.version) else {
            throw CloudError(.notFound, "API version \(request.version) is not supported on this method.")
        }
        try await require(action.access)
        return try await action.run(request, member.value)
    }

    private func reboot(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "reboot")
        let type = try fields.string("type").uppercased()
        try fields.finish()
        guard ["SOFT", "HARD"].contains(type) else {
            throw fields.invalid("type", .string(type), "It is not one of ['HARD', 'SOFT'].")
        }
        try await compute.begin(type == "HARD" ? .rebootHard : .rebootSoft, on: request.id(), by: request.caller)
        return .accepted
    }

    private func resetState(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "os-resetState")
        let state = try fields.string("state")
        try fields.finish()
        guard let settled = SettledState(rawValue: state), [.active, .error].contains(settled) else {
            throw fields.invalid("state", .string(state), "It is not one of ['active', 'error'].")
        }
        try await compute.resetState(request.id(), to: settled, by: request.caller)
        return .accepted
    }

    private func console(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "os-getConsoleOutput")
        let lines = try fields.optionalInt("length", -1...Int(Int32.max))
        try fields.finish()
        let log = try await lookups.console(of: request.id(), maxBytes: 100 * 1024, by: request.caller)
        // A serial line ends lines with CR LF, which is one Character: they are counted in bytes.
        let newline = UInt8(ascii: "\n")
        let tail = lines.flatMap { $0 < 0 ? nil : $0 }.map { count in
            log.split(separator: newline, omittingEmptySubsequences: false).suffix(count).joined(separator: [newline])
        }
        let text = String(decoding: tail.map(Array.init) ?? log, as: UTF8.self)
        return .json(reserving: text.utf8.count + 64) { $0.field("output", text) }
    }

    private func remoteConsole(_ protocolName: String, _ types: [String]) -> Action {
        let consoles = RemoteConsolesAPI(compute: compute)
        return Action(last: RemoteConsolesAPI.lastAction) { try await consoles.act($0, $1, protocolName, types) }
    }

    private func lock(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var reason: String?
        if request.version >= Microversion(2, 73), body != .null {
            var fields = try Fields(body, at: "lock")
            try fields.refuseNulls()
            reason = try fields.optionalString("locked_reason", 1...255)
            try fields.finish()
        }
        try await compute.lock(request.id(), reason: reason, by: request.caller)
        return .accepted
    }

    private func unlock(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        try await compute.unlock(request.id(), by: request.caller)
        return .accepted
    }

    /// The name or id of a security group.
    private static func group(_ body: JSONValue) throws -> String {
        var fields = try Fields(body, at: "security group")
        let name = try fields.string("name", 1...Int.max)
        try fields.finish()
        return name
    }
}
