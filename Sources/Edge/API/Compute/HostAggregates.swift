import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-aggregates`.
struct HostAggregatesAPI: Sendable {
    private typealias Members = [Field<FieldWriter<ComputeService.ShownAggregate>>]

    let compute: ComputeService

    private static let facts: Members = [
        Field { $1.field("id", $0.aggregate.id) },
        Field(since: 41) { $1.field("uuid", $0.aggregate.uuid) },
        Field { $1.field("name", $0.aggregate.name) },
        Field { $1.field("availability_zone", $0.zone) },
        Field { $1.field("created_at", $0.aggregate.createdAt, .microsecondsWithoutZone) },
        Field { $1.field("updated_at", $0.aggregate.updatedAt, .microsecondsWithoutZone) },
        Field { $1.null("deleted_at") },
        Field { $1.field("deleted", false) },
    ]

    private static let whole: Members = facts + contents

    /// What the answer to a creation lacks.
    private static let contents: Members = [
        Field { $1.field("hosts", strings: $0.hosts) },
        Field { $1.field("metadata", $0.aggregate.metadata) },
    ]

    var routes: [Route] {
        [
            Route(.get, "/os-aggregates", .admin) { request in
                let found = try await compute.aggregates()
                let plan = FieldPlan(Self.whole, at: request.version)
                return .json { writer in
                    writer.array("aggregates") { writer in
                        for aggregate in found { plan.write(aggregate, to: &writer) }
                    }
                }
            },
            Route(.post, "/os-aggregates", .admin, handler: create),
            Route(.get, "/os-aggregates/{id}", .admin) { request in
                Self.render(try await compute.aggregate(try Self.number(request)), request)
            },
            Route(.put, "/os-aggregates/{id}", .admin, handler: update),
            Route(.delete, "/os-aggregates/{id}", .admin) { request in
                try await compute.deleteAggregate(try Self.number(request))
                return APIResponse(.ok)
            },
            Route(.post, "/os-aggregates/{id}/action", .admin, handler: act),
        ]
    }

    private static func render(
        _ shown: ComputeService.ShownAggregate, _ request: APIRequest, _ fields: Members = whole
    ) -> APIResponse {
        .json { writer in
            writer.key("aggregate")
            FieldPlan(fields, at: request.version).write(shown, to: &writer)
        }
    }

    private static func number(_ request: APIRequest) throws -> Int {
        guard let number = Int(request.parameter("id")) else {
            throw CloudError.badRequest("Invalid input received: id must be an integer")
        }
        return number
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("aggregate")
        try fields.refuseNulls(except: ["availability_zone"])
        let name = try NovaText.name(try fields.string("name", 1...255), of: "name")
        let zone = try Self.zone(&fields)
        try fields.finish()
        let made = try await compute.createAggregate(named: name, zone: zone)
        return Self.render(made, request, Self.facts)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("aggregate")
        try fields.refuseNulls(except: ["availability_zone"])
        guard fields.has("name") || fields.has("availability_zone") else {
            throw CloudError.badRequest(
                "Invalid input for field/attribute aggregate. Give it 'name' or 'availability_zone'.")
        }
        let name = try fields.optionalString("name", 1...255).map { try NovaText.trimmedName($0, of: "name") }
        let zone: String?? = fields.has("availability_zone") ? .some(try Self.zone(&fields)) : .none
        try fields.finish()
        return Self.render(
            try await compute.updateAggregate(try Self.number(request), name: name, zone: zone), request)
    }

    private static func zone(_ fields: inout Fields) throws -> String? {
        let name = "availability_zone"
        return try fields.optionalString(name, 1...255).map { try NovaText.zone($0, of: name) }
    }

    private func act(_ request: APIRequest) async throws -> APIResponse {
        var outer = try Fields(try await request.json())
        guard outer.names.count == 1, let action = outer.names.first else {
            throw CloudError.badRequest("The body must be an object with one key, the action's name.")
        }
        guard ["add_host", "remove_host", "set_metadata"].contains(action) else {
            throw CloudError.badRequest("There is no such action: \(action.prefix(80))")
        }
        var fields = try outer.object(action)
        if action == "set_metadata" {
            let changes = try Self.metadata(&fields)
            try fields.finish()
            return Self.render(
                try await compute.setMetadata(changes, ofAggregate: try Self.number(request)), request)
        }
        let host = try NovaText.host(try fields.string("host", 1...255), of: "host")
        try fields.finish()
        let id = try Self.number(request)
        let shown =
            if action == "add_host" {
                try await compute.addHost(host, toAggregate: id)
            } else {
                try await compute.removeHost(host, fromAggregate: id)
            }
        return Self.render(shown, request)
    }

    /// A key that is null goes away.
    private static func metadata(_ fields: inout Fields) throws -> [String: String?] {
        try fields.require("metadata")
        guard case .object(let members)? = fields.value("metadata") else {
            throw CloudError.badRequest("Invalid input for field/attribute metadata. It must be an object.")
        }
        let texts = members.map { JSONValue.Member(key: $0.key, value: $0.value == .null ? .string("") : $0.value) }
        let gone = Set(members.filter { $0.value == .null }.map(\.key))
        return try NovaText.metadata(try Fields.stringMap(.object(texts), "metadata")).reduce(into: [:]) {
            $0.updateValue(gone.contains($1.key) ? nil : $1.value, forKey: $1.key)
        }
    }
}
