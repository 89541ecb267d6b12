import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/servers/novella-explain` and `/servers/{id}/novella-explain`, beyond Nova: what a request would come to, with the
/// bodies of the request itself.
struct ExplanationsAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.post, "/servers/novella-explain", .member) { request in
                let parsed = try ServerCreateBody.read(try await request.json(), request)
                return Self.answer(
                    try await compute.explainCreation(parsed.request, by: request.caller), to: request)
            },
            Route(.post, "/servers/{id}/novella-explain", .member, handler: explainAction),
        ]
    }

    private func explainAction(_ request: APIRequest) async throws -> APIResponse {
        guard case .object(let members) = try await request.json(), members.count == 1, let member = members.first
        else {
            throw CloudError.badRequest("The body must be an object with one key: resize, unshelve or migrate.")
        }
        let id: ServerID = request.id()
        let found: Explanation
        switch member.key {
        case "resize":
            found = try await compute.explainResize(
                of: id, to: try MachineActions.resizeBody(member.value).flavor, by: request.caller)
        case "unshelve":
            let place = try SetAsideActions.place(member.value, request.version)
            found = try await compute.explainUnshelving(of: id, to: place, by: request.caller)
        case "migrate":
            guard request.caller.isAdmin else {
                throw CloudError(
                    .forbidden, "Policy doesn't allow os_compute_api:os-migrate-server:migrate to be performed.")
            }
            found = try await compute.explainMigration(of: id, to: try Self.host(member.value), by: request.caller)
        default:
            throw CloudError.badRequest(
                "Invalid input for field/attribute \(member.key.prefix(80)). It is no resize, unshelve or migrate."
            )
        }
        return Self.answer(found, to: request)
    }

    private static func host(_ body: JSONValue) throws -> String? {
        if body == .null { return nil }
        var fields = try Fields(body, at: "migrate")
        let host = try fields.optionalString("host", 1...255)
        try fields.finish()
        return host
    }

    /// Hosts are named to administrators only; others read how many they are.
    private static func answer(_ found: Explanation, to request: APIRequest) -> APIResponse {
        let showsHosts = request.caller.isAdmin
        return .json { writer in
            writer.object("explanation") { writer in
                writer.field("would_succeed", found.wouldSucceed)
                writer.field("servers", found.wanted)
                writer.field("servers_placed", found.placed)
                writer.field("hosts_considered", found.considered)
                writer.field("hosts_fit", found.hostnames.count)
                if showsHosts { writer.field("hosts", strings: Array(found.hostnames.prefix(10))) }
                writer.field("quota", found.quota)
                writer.array("reasons") { writer in
                    for removal in found.refusal.removals {
                        writer.object { write(removal, showsHosts: showsHosts, to: &$0) }
                    }
                }
                writer.field("message", found.placed < found.wanted ? found.refusal.message : nil as String?)
            }
        }
    }

    private static func write(_ removal: Refusal.Removal, showsHosts: Bool, to writer: inout JSONWriter) {
        writer.field("rule", "\(removal.rule)")
        writer.field("reason", removal.rule.reason(isOne: removal.count == 1))
        writer.field("hosts", removal.count)
        if showsHosts { writer.field("hostnames", strings: removal.hostnames) }
    }
}
