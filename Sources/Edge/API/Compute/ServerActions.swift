import APIKit
import HTTPTypes
import Compute
import HostProtocol
import Model
import Networking
import Wire

/// What the routes of servers ask of other services and of hosts.
struct ServerLookups: Sendable {
    let compute: ComputeService
    let networking: NetworkingService
    let hosts: any HostLookups

    func securityGroups(of id: ServerID, by caller: Caller) async throws -> [SecurityGroup] {
        let ids = Set(
            try await compute.attachments(of: id, by: caller).flatMap { try $0.port.securityGroups.value() })
        return try await networking.securityGroups(by: caller).filter { ids.contains($0.id) }
    }

    /// The tail of the serial log; a server that never had a host has none.
    func console(of id: ServerID, maxBytes: Int, by caller: Caller) async throws -> String {
        let server = try await compute.server(id, by: caller)
        guard let host = server.hostID, server.settled != .building else {
            throw CloudError(.conflict, "Instance \(id) is not ready")
        }
        let bytes = try await hosts.consoleOutput(host: host, server: id, maxBytes: maxBytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// `POST /servers/{id}/action`: one row an action, by the key of the body.
struct ServerActionsAPI: Sendable {
    private struct Action: Sendable {
        var access: AccessLevel = .member
        var run: @Sendable (APIRequest, JSONValue) async throws -> APIResponse
    }

    let compute: ComputeService
    let lookups: ServerLookups

    var routes: [Route] {
        [Route(.post, "/servers/{id}/action", .authenticated, handler: dispatch)]
    }

    private var actions: [String: Action] {
        [
            "os-start": Action { request, _ in
                try await compute.start(request.id(), by: request.caller)
                return .accepted
            },
            "os-stop": Action { request, _ in
                try await compute.stop(request.id(), by: request.caller)
                return .accepted
            },
            "reboot": Action(run: reboot),
            "os-getConsoleOutput": Action(run: console),
            "lock": Action(run: lock),
            "unlock": Action(run: unlock),
            "addSecurityGroup": Action { try await changeGroups($0, $1) { $0.union([$1]) } },
            "removeSecurityGroup": Action { try await changeGroups($0, $1) { $0.subtracting([$1]) } },
        ]
    }

    /// Nova's other actions; they are known and not there yet.
    private static let unfinished: Set<String> = [
        "confirmResize", "revertResize", "resize", "rebuild", "createImage", "trigger_crash_dump", "injectNetworkInfo",
        "os-resetState", "changePassword", "createBackup", "restore", "forceDelete", "evacuate", "migrate",
        "os-migrateLive", "pause", "unpause", "rescue", "unrescue", "shelve", "shelveOffload", "unshelve", "suspend",
        "resume", "addFixedIp", "removeFixedIp", "addFloatingIp", "removeFloatingIp", "os-getVNCConsole",
        "os-getSPICEConsole", "os-getSerialConsole", "os-getRDPConsole", "os-resetNetwork",
    ]

    private func dispatch(_ request: APIRequest) async throws -> APIResponse {
        guard case .object(let members) = try await request.json(), members.count == 1, let member = members.first
        else {
            throw CloudError.badRequest("The body must be an object with one key, the action's name.")
        }
        guard let action = actions[member.key] else {
            if Self.unfinished.contains(member.key) {
                throw CloudError(.notImplemented, "The action '\(member.key)' is not available in this release.")
            }
            throw CloudError.badRequest("There is no such action: \(member.key.prefix(80))")
        }
        guard action.access.admits(request.caller) else {
            throw CloudError(.forbidden, "Policy doesn't allow os_compute_api:servers:\(member.key) to be performed.")
        }
        return try await action.run(request, member.value)
    }

    private func reboot(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body, at: "reboot")
        let type = try fields.string("type").uppercased()
        try fields.finish()
        guard ["SOFT", "HARD"].contains(type) else {
            throw fields.invalid("type", .string(type), "It is not one of ['HARD', 'SOFT'].")
        }
        try await compute.reboot(request.id(), hard: type == "HARD", by: request.caller)
        return .accepted
    }

    private func console(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var fields = try Fields(body == .null ? .object([]) : body, at: "os-getConsoleOutput")
        let lines = try fields.optionalInt("length", -1...Int(Int32.max))
        try fields.finish()
        var text = try await lookups.console(of: request.id(), maxBytes: 100 * 1024, by: request.caller)
        if let lines, lines >= 0 {
            text = text.split(separator: "\n", omittingEmptySubsequences: false).suffix(lines).joined(separator: "\n")
        }
        return .json(reserving: text.utf8.count + 64) { $0.field("output", text) }
    }

    private func lock(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        var reason: String?
        if request.version >= Microversion(2, 73), body != .null {
            var fields = try Fields(body, at: "lock")
            reason = try fields.optionalString("locked_reason", 1...255)
            try fields.finish()
        }
        let (why, byAdmin) = (reason, request.caller.isAdmin)
        _ = try await compute.setLock(true, reason: why, byAdmin: byAdmin, on: request.id(), by: request.caller)
        return .accepted
    }

    private func unlock(_ request: APIRequest, _ body: JSONValue) async throws -> APIResponse {
        _ = try await compute.setLock(false, reason: nil, byAdmin: false, on: request.id(), by: request.caller)
        return .accepted
    }

    private func changeGroups(
        _ request: APIRequest, _ body: JSONValue,
        _ change: @escaping @Sendable (Set<SecurityGroupID>, SecurityGroupID) -> Set<SecurityGroupID>
    ) async throws -> APIResponse {
        var fields = try Fields(body, at: "security group")
        let name = try fields.string("name", 1...255)
        try fields.finish()
        let project = try request.caller.project()
        let groups = try await lookups.networking.securityGroups(by: request.caller)
        guard let group = groups.first(where: { $0.projectID == project && ($0.id.text == name || $0.name == name) })
        else { throw CloudError(.notFound, "Security group \(name) not found.") }
        for interface in try await compute.attachments(of: request.id(), by: request.caller) {
            _ = try await lookups.networking.update(interface.port.id, by: request.caller) { port in
                port.securityGroups = try JSONText(change(Set(try port.securityGroups.value()), group.id).sorted())
            }
        }
        try await compute.refreshAddresses(of: [request.parameter("id")])
        return .accepted
    }
}
