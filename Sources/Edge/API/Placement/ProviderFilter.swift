import APIKit
import Model

/// The query of a list of resource providers, by what its microversion knows; `required` is `TraitFilter`'s.
struct ProviderFilter {
    private let name: String?
    private let ids: [String]
    /// Amounts that must be free, by resource class.
    let resources: [String: Int]
    /// Whether aggregates are asked for, of which this cloud has none.
    private let wantsAggregate: Bool

    init(_ request: APIRequest) throws {
        let since = [(14, "in_tree"), (3, "member_of"), (4, "resources"), (18, "required")]
        let known = since.filter { request.version >= Microversion(1, $0.0) }.map(\.1)
        try Self.refuseUnknown(request, ["name", "uuid"] + known)
        name = request.query("name")
        ids = try ["uuid", "in_tree"].compactMap { key in
            guard let text = request.query(key) else { return nil }
            guard UUIDText.isValid(text) else {
                throw CloudError.badRequest("Invalid \(key) query parameter: '\(text.prefix(80))' is not a uuid.")
            }
            return text.lowercased()
        }
        resources = try request.query("resources").map(Self.resources) ?? [:]
        wantsAggregate = request.queries("member_of").contains { !$0.hasPrefix("!") }
    }

    static func refuseUnknown(_ request: APIRequest, _ known: [String]) throws {
        guard let unknown = request.queryNames.subtracting(known).sorted().first else { return }
        throw CloudError.badRequest(
            "Invalid query string parameters: Additional properties are not allowed ('\(unknown.prefix(80))' was "
                + "unexpected)")
    }

    /// `VCPU:2,MEMORY_MB:512`.
    private static func resources(_ text: String) throws -> [String: Int] {
        var wanted: [String: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: ":", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, let amount = Int(sides[1]), amount > 0,
                wanted.updateValue(amount, forKey: String(sides[0])) == nil
            else {
                throw CloudError.badRequest(
                    "Badly formed resources parameter. Expected resources query string parameter in form: "
                        + "?resources=VCPU:2,MEMORY_MB:1024. Got: \(text.prefix(80)).")
            }
        }
        return wanted
    }

    /// A provider is a tree of its own.
    func accepts(_ provider: ResourceProvider) -> Bool {
        !wantsAggregate && name.map { $0 == provider.name } ?? true && ids.allSatisfy { $0 == provider.id.text }
    }
}
