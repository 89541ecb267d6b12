import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/os-server-external-events`: what other services tell of servers.
struct ServerExternalEventsAPI: Sendable {
    let compute: ComputeService

    private static let names = [
        Field("network-changed"), Field("network-vif-plugged"), Field("network-vif-unplugged"),
        Field("network-vif-deleted"), Field(since: 51, "volume-extended"), Field(since: 76, "power-update"),
        Field(since: 82, "accelerator-request-bound"), Field(since: 93, "volume-reimaged"),
    ]
    private static let statuses = ["failed", "completed", "in-progress"]

    var routes: [Route] {
        [Route(.post, "/os-server-external-events", .serviceOrAdmin, handler: create)]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var outer = try Fields(try await request.json())
        let items = try outer.array("events")
        try outer.finish()
        guard !items.isEmpty else {
            throw CloudError.badRequest("Invalid input for field/attribute events. Value: []. [] is too short")
        }
        let events = try items.map { try Self.event($0, at: request.version) }
        let fates = try await compute.take(events, by: request.caller)
        let isWhole = fates.allSatisfy { $0 == .taken }
        return .json(isWhole ? .ok : .init(code: 207, reasonPhrase: "Multi-Status")) { writer in
            writer.array("events") { writer in
                for (event, fate) in zip(events, fates) { writer.object { Self.write(event, fate, to: &$0) } }
            }
        }
    }

    private static func event(_ json: JSONValue, at version: Microversion) throws -> ServerExternalEvent {
        var fields = try Fields(json, at: "events")
        try fields.refuseNulls()
        try fields.require("name")
        guard let name = try fields.word("name", of: names.shown(at: version)) else {
            throw fields.invalid("name", .null, "It must be a string.")
        }
        let server: ServerID = try fields.id("server_uuid")
        _ = try fields.word("status", of: statuses)
        let tag = try fields.optionalString("tag")
        try fields.finish()
        return ServerExternalEvent(name: name, serverID: server, tag: tag)
    }

    private static func write(
        _ event: ServerExternalEvent, _ fate: ServerExternalEvent.Fate, to writer: inout JSONWriter
    ) {
        writer.field("name", event.name)
        writer.field("server_uuid", event.serverID)
        if let tag = event.tag { writer.field("tag", tag) }
        writer.field("status", fate == .taken ? "completed" : "failed")
        writer.field("code", fate.rawValue)
    }
}
