import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// `/traits`, and those of one provider. Hosts report theirs; clients make `CUSTOM_` ones.
struct TraitsAPI: Sendable {
    let placement: PlacementService

    private static let own = "/resource_providers/{id}/traits"

    var routes: [Route] {
        let versions = PlacementAPI.since(6)
        return [
            Route(.get, "/traits", .serviceOrAdmin, versions: versions, handler: list),
            Route(.get, "/traits/{name}", .serviceOrAdmin, versions: versions) { request in
                let name = request.parameter("name")
                guard try await placement.traits().contains(name) else { throw PlacementService.noTrait(name) }
                return .noContent
            },
            Route(.put, "/traits/{name}", .serviceOrAdmin, versions: versions) { request in
                let name = request.parameter("name")
                guard PlacementName.isCustom(name) else {
                    throw CloudError.badRequest(
                        "The trait is invalid. A valid trait must be no longer than 255 characters, start with the "
                            + #"prefix "CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_""#)
                }
                return APIResponse(try await placement.makeTrait(name) ? .created : .noContent)
                    .header(.location, "\(request.baseURL)/traits/\(name)")
            },
            Route(.delete, "/traits/{name}", .serviceOrAdmin, versions: versions) { request in
                try await placement.deleteTrait(request.parameter("name"))
                return .noContent
            },
            Route(.get, Self.own, .serviceOrAdmin, versions: versions) { request in
                let (provider, traits) = try await placement.traits(of: request.id())
                return Self.answer(provider, traits)
            },
            Route(.put, Self.own, .serviceOrAdmin, versions: versions, handler: replace),
            Route(.delete, Self.own, .serviceOrAdmin, versions: versions) { request in
                _ = try await placement.setTraits([], of: request.id(), generation: nil)
                return .noContent
            },
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        try ProviderFilter.refuseUnknown(request, ["name", "associated"])
        let associated: Bool? =
            switch request.query("associated")?.lowercased() {
            case nil: nil
            case "true": true
            case "false": false
            default:
                throw CloudError.badRequest(#"The query parameter "associated" only accepts "true" or "false""#)
            }
        let shown = try Self.named(request.query("name"), among: try await placement.traits(associated: associated))
        return .json { $0.field("traits", strings: shown) }
    }

    private func replace(_ request: APIRequest) async throws -> APIResponse {
        let id = try await placement.provider(request.id()).id
        var fields = try Fields(try await request.json())
        let generation = try fields.generation()
        let traits = try fields.requiredStrings("traits")
        guard traits.allSatisfy({ (1...255).contains($0.unicodeScalars.count) }) else {
            throw CloudError.badRequest("JSON does not validate: traits: each has 1 to 255 characters.")
        }
        try fields.finish()
        let provider = try await placement.setTraits(Set(traits), of: id, generation: generation)
        return Self.answer(provider, Set(traits).sorted())
    }

    private static func answer(_ provider: ResourceProvider, _ traits: [String]) -> APIResponse {
        .json { writer in
            writer.field("traits", strings: traits)
            writer.field("resource_provider_generation", provider.generation)
        }
    }

    /// `name=in:A,B` or `name=startswith:A`.
    private static func named(_ filter: String?, among traits: [String]) throws -> [String] {
        guard let filter else { return traits }
        if filter.hasPrefix("in:") {
            let wanted = Set(filter.dropFirst(3).split(separator: ",").map(String.init))
            return traits.filter(wanted.contains)
        }
        if filter.hasPrefix("startswith:") {
            let start = filter.dropFirst("startswith:".utf8.count)
            return traits.filter { $0.hasPrefix(start) }
        }
        throw CloudError.badRequest(
            "Badly formatted name parameter. Expected name query string parameter in form: ?name=[in|startswith]:"
                + "[name1,name2|prefix]. Got: \"\(filter.prefix(80))\"")
    }
}
