import APIKit
import Model
import Placement

/// What one group of a query asks of a provider: `resources`, `required`, `member_of` and `in_tree`, each followed by
/// the group's suffix.
struct RequestGroup: Sendable {
    /// Amounts that must be free, by resource class.
    private(set) var resources: [String: Int] = [:]
    private var wanted: [Set<String>] = []
    private var unwanted: Set<String> = []
    private var memberOf: [Set<String>] = []
    private var notMemberOf: Set<String> = []
    private var tree: String?

    init(_ request: APIRequest, suffix: String = "") throws {
        if let text = request.queries("resources" + suffix).last { resources = try Self.amounts(text) }
        try readTraits(request, "required" + suffix)
        try readAggregates(request, "member_of" + suffix)
        tree = try request.queries("in_tree" + suffix).last.map { text in
            guard UUIDText.isValid(text) else {
                throw CloudError.badRequest(
                    "Invalid query string parameters: Expected 'in_tree' parameter to be a format of uuid. "
                        + "Got: \(text.prefix(80))")
            }
            return UUIDText.dashed(text)
        }
    }

    /// The traits that the root of a tree must have. The parameter may come once.
    init(_ request: APIRequest, root name: String) throws {
        guard request.queries(name).count <= 1 else {
            throw CloudError.badRequest("Query parameter '\(name)' may be specified only once.")
        }
        try readTraits(request, name)
    }

    /// `VCPU:2,MEMORY_MB:512`.
    private static func amounts(_ text: String) throws -> [String: Int] {
        var wanted: [String: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: ":", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty else {
                throw CloudError.badRequest(
                    "Badly formed resources parameter. Expected resources query string parameter in form: "
                        + "?resources=VCPU:2,MEMORY_MB:1024. Got: \(text.isEmpty ? "empty string" : text.prefix(80)).")
            }
            guard let amount = Int(sides[1]), amount > 0 else {
                throw CloudError.badRequest(
                    "Requested resource \(sides[0].prefix(80)) requires amount >= 1. Got: \(sides[1].prefix(40)).")
            }
            wanted[String(sides[0])] = amount
        }
        return wanted
    }

    /// Each value may be traits, `!` and one among them, or `in:` and several; the last value counts before 1.39.
    private mutating func readTraits(_ request: APIRequest, _ name: String) throws {
        let hasAny = request.version >= Microversion(1, 39)
        let hasForbidden = request.version >= Microversion(1, 22)
        for value in hasAny ? request.queries(name)[...] : request.queries(name).suffix(1) {
            let isAny = value.hasPrefix("in:")
            let parts = (isAny ? value.dropFirst(3) : value[...]).split(
                separator: ",", omittingEmptySubsequences: false
            )
            .map { $0.trimmingPrefix(while: \.isWhitespace) }
            let forbidden = parts.filter { $0.hasPrefix("!") }.map { String($0.drop { $0 == "!" }) }
            guard !parts.contains(""), !forbidden.contains(""), forbidden.isEmpty || hasForbidden && !isAny,
                !isAny || hasAny
            else {
                throw CloudError.badRequest(
                    "Invalid query string parameters: Expected 'required' parameter value of the form: "
                        + "HW_CPU_X86_VMX,\(hasForbidden ? "!" : "")CUSTOM_MAGIC\(hasAny ? " or in:A,B" : ""). "
                        + "Got: \(value.prefix(80))")
            }
            let required = parts.filter { !$0.hasPrefix("!") }.map(String.init)
            wanted += isAny ? [Set(required)] : required.map { [$0] }
            unwanted.formUnion(forbidden)
        }
        guard !wanted.contains(where: { $0.isSubset(of: unwanted) }) || !hasForbidden else {
            throw CloudError.badRequest(
                "Conflicting required and forbidden traits found in the following traits keys: \(name)")
        }
    }

    /// A uuid, `in:` and several, or either after `!` (since 1.32); may be repeated since 1.24.
    private mutating func readAggregates(_ request: APIRequest, _ name: String) throws {
        let values = request.queries(name)
        guard values.count <= 1 || request.version >= Microversion(1, 24) else {
            throw CloudError.badRequest("Multiple \(name) parameters are not supported")
        }
        for value in values {
            let isForbidden = value.hasPrefix("!")
            guard !isForbidden || request.version >= Microversion(1, 32) else {
                throw CloudError.badRequest(
                    "Forbidden \(name) parameters are not supported in the specified microversion")
            }
            let rest = isForbidden ? value.dropFirst() : value[...]
            let isAny = rest.hasPrefix("in:")
            let ids = (isAny ? rest.dropFirst(3) : rest).split(separator: ",", omittingEmptySubsequences: false)
            guard isAny || ids.count == 1, ids.allSatisfy({ UUIDText.isValid(String($0)) }) else {
                throw CloudError.badRequest(
                    "Invalid query string parameters: Expected 'member_of' parameter to contain valid UUID(s), several "
                        + "of them after 'in:'. Got: \(value.prefix(80))")
            }
            let uuids = Set(ids.map { UUIDText.dashed(String($0)) })
            if isForbidden { notMemberOf.formUnion(uuids) } else { memberOf.append(uuids) }
        }
    }

    /// Refuses classes and `CUSTOM_` traits that nobody has made.
    func refuseUnknown(_ classes: [String], _ traits: [String]) throws {
        if let name = resources.keys.sorted().first(where: { !classes.contains($0) }) {
            throw CloudError.badRequest(
                "Invalid resource class in resources parameter: No such resource class \(name.prefix(255)).")
        }
        let asked = wanted.reduce(unwanted) { $0.union($1) }.filter { $0.hasPrefix("CUSTOM_") }
        let unknown = asked.subtracting(traits).sorted()
        guard unknown.isEmpty else {
            throw CloudError.badRequest(
                "Invalid trait(s) in \"required\" parameter: No such trait(s): \(unknown.joined(separator: ", ")).")
        }
    }

    var isAboutTraits: Bool { !wanted.isEmpty }
    var isAboutAggregates: Bool { !memberOf.isEmpty || !notMemberOf.isEmpty }

    /// Whether a provider is of the kind that is asked for, whatever it has free. It is a tree of its own.
    func suits(_ state: ProviderState) -> Bool {
        wanted.allSatisfy { !$0.isDisjoint(with: state.traits) } && unwanted.isDisjoint(with: state.traits)
            && memberOf.allSatisfy { !$0.isDisjoint(with: state.aggregates) }
            && notMemberOf.isDisjoint(with: state.aggregates) && tree.map { $0 == state.provider.id.text } ?? true
    }
}
