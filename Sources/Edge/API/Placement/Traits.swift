import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// `/traits`, and those of one provider. Hosts report them; nobody sets them here.
struct TraitsAPI: Sendable {
    let placement: PlacementService

    private static let versions = Microversion(1, 6)...Microversion(1, 9999)

    var routes: [Route] {
        [
            Route(.get, "/traits", .serviceOrAdmin, versions: Self.versions) { request in
                let shown = try Self.named(request.query("name"), among: try await placement.traits())
                return .json { $0.field("traits", strings: shown) }
            },
            Route(.get, "/traits/{name}", .serviceOrAdmin, versions: Self.versions) { request in
                let name = request.parameter("name")
                guard try await placement.traits().contains(name) else {
                    throw CloudError(.notFound, "No such trait(s): \(name).")
                }
                return .noContent
            },
            Route(.get, "/resource_providers/{id}/traits", .serviceOrAdmin, versions: Self.versions) { request in
                let (provider, traits) = try await placement.traits(of: request.id())
                return .json { writer in
                    writer.field("traits", strings: traits)
                    writer.field("resource_provider_generation", provider.generation)
                }
            },
        ]
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

/// What `required` of a list of providers asks for: each may be one trait, `!` and one, or `in:` and several.
struct TraitFilter: Sendable {
    private var wanted: [Set<String>] = []
    private var unwanted: Set<String> = []

    /// `!` is known since 1.22, `in:` and repetition since 1.39.
    init(_ request: APIRequest) throws {
        guard request.version >= Microversion(1, 18) else { return }
        let values = request.queries("required")
        guard values.count <= 1 || request.version >= Microversion(1, 39) else {
            throw CloudError.badRequest("Query parameter 'required' may be given once only before 1.39.")
        }
        for value in values {
            if value.hasPrefix("in:"), request.version >= Microversion(1, 39) {
                wanted.append(Set(value.dropFirst(3).split(separator: ",").map(String.init)))
                continue
            }
            for part in value.split(separator: ",", omittingEmptySubsequences: false) { try read(part, request) }
        }
    }

    private mutating func read(_ part: Substring, _ request: APIRequest) throws {
        let isForbidden = part.hasPrefix("!") && request.version >= Microversion(1, 22)
        let name = String(isForbidden ? part.dropFirst() : part)
        guard !name.isEmpty, !name.hasPrefix("!") else {
            throw CloudError.badRequest("Invalid query string parameters: Malformed traits parameter '\(part)'.")
        }
        if isForbidden { unwanted.insert(name) } else { wanted.append([name]) }
    }

    var isEmpty: Bool { wanted.isEmpty && unwanted.isEmpty }

    func accepts(_ traits: Set<String>) -> Bool {
        wanted.allSatisfy { !$0.isDisjoint(with: traits) } && unwanted.isDisjoint(with: traits)
    }
}
