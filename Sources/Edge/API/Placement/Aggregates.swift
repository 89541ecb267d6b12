import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// `/resource_providers/{id}/aggregates`: sets of providers, each known by its uuid alone.
struct AggregatesAPI: Sendable {
    let placement: PlacementService

    private typealias Shown = (provider: ResourceProvider, aggregates: [String])

    private static let fields: [Field<FieldWriter<Shown>>] = [
        Field { $1.field("aggregates", strings: $0.aggregates) },
        Field(since: 19) { $1.field("resource_provider_generation", $0.provider.generation) },
    ]
    private static let path = "/resource_providers/{id}/aggregates"

    var routes: [Route] {
        [
            Route(.get, Self.path, .serviceOrAdmin, versions: PlacementAPI.since(1)) { request in
                let (provider, found) = try await placement.aggregates(of: request.id())
                return Self.answer(provider, found, request)
            },
            Route(.put, Self.path, .serviceOrAdmin, versions: PlacementAPI.since(1), handler: replace),
        ]
    }

    /// A list before 1.19; since then an object that names the provider's generation too.
    private func replace(_ request: APIRequest) async throws -> APIResponse {
        let id = try await placement.provider(request.id()).id
        let body = try await request.json()
        var generation: Int?
        var given: [JSONValue]
        if request.version >= Microversion(1, 19) {
            var fields = try Fields(body)
            generation = try fields.generation()
            given = try fields.array("aggregates")
            try fields.finish()
        } else {
            guard case .array(let items) = body else {
                throw CloudError.badRequest("JSON does not validate: aggregates: \(body.brief) is not a list.")
            }
            given = items
        }
        let wanted = try given.map { item in
            guard case .string(let text) = item, UUIDText.isValid(text) else {
                throw CloudError.badRequest("JSON does not validate: aggregates: \(item.brief) is not a 'uuid'")
            }
            return UUIDText.dashed(text)
        }
        guard Set(wanted).count == wanted.count else {
            throw CloudError.badRequest("JSON does not validate: aggregates: it has non-unique elements")
        }
        let provider = try await placement.setAggregates(wanted, of: id, generation: generation)
        return Self.answer(provider, wanted, request)
    }

    private static func answer(
        _ provider: ResourceProvider, _ aggregates: [String], _ request: APIRequest
    ) -> APIResponse {
        .json { FieldPlan(fields, at: request.version).writeMembers(of: (provider, aggregates), to: &$0) }
    }
}

extension Fields {
    /// What a client has seen of a provider.
    mutating func generation() throws -> Int {
        let name = "resource_provider_generation"
        try require(name)
        let value = value(name) ?? .null
        guard case .integer(let number) = value else { throw invalid(name, value, "It must be an integer.") }
        return number
    }
}
