import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// `/allocation_candidates`: where a consumer could be placed. Every provider is a tree of its own, and none shares
/// what it has, so that a candidate is one provider that serves all groups.
struct AllocationCandidatesAPI: Sendable {
    private typealias Candidate = (state: ProviderState, wanted: CandidateQuery)

    let placement: PlacementService

    /// As the body of a claim at that version has it.
    private static let request: [Field<FieldWriter<Candidate>>] = [
        Field(until: 11) { candidate, writer in
            writer.array("allocations") { writer in
                writer.object { writer in
                    writer.object("resource_provider") { $0.field("uuid", candidate.state.provider.id) }
                    write(candidate.wanted.resources, to: &writer)
                }
            }
        },
        Field(since: 12) { candidate, writer in
            writer.object("allocations") { writer in
                writer.key(text: candidate.state.provider.id.text)
                writer.object { write(candidate.wanted.resources, to: &$0) }
            }
        },
        Field(since: 34) { candidate, writer in
            writer.object("mappings") { writer in
                for suffix in candidate.wanted.groups.keys.sorted() {
                    writer.key(text: suffix)
                    writer.array { $0.value(candidate.state.provider.id) }
                }
            }
        },
    ]

    private static let summary: [Field<FieldWriter<Candidate>>] = [
        Field(until: 26) { candidate, writer in
            let asked = candidate.wanted.resources
            write(candidate.state.inventories.filter { asked[$0.resourceClass] != nil }, to: &writer)
        },
        Field(since: 27) { write($0.state.inventories, to: &$1) },
        Field(since: 17) { $1.field("traits", strings: $0.state.traits.sorted()) },
        Field(since: 29) { $1.null("parent_provider_uuid") },
        Field(since: 29) { $1.field("root_provider_uuid", $0.state.provider.id) },
    ]

    private static func write(_ amounts: [String: Int], to writer: inout JSONWriter) {
        writer.object("resources") { writer in
            for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
                writer.key(text: name)
                writer.value(amount)
            }
        }
    }

    private static func write(_ inventories: [Inventory], to writer: inout JSONWriter) {
        writer.object("resources") { writer in
            for one in inventories {
                writer.key(text: one.resourceClass)
                writer.object {
                    $0.field("capacity", one.capacity)
                    $0.field("used", one.used)
                }
            }
        }
    }

    var routes: [Route] {
        [
            Route(
                .get, "/allocation_candidates", .serviceOrAdmin, versions: PlacementAPI.since(10)
            ) { request in
                let wanted = try CandidateQuery(request)
                let classes = try await placement.resourceClasses()
                let traits = try await placement.traits()
                for group in wanted.groups.values { try group.refuseUnknown(classes, traits) }
                let fitting = try await placement.states().filter { wanted.accepts($0) }
                return answer(Array(fitting.prefix(wanted.limit ?? fitting.count)), wanted, request.version)
            }
        ]
    }

    private func answer(
        _ states: [ProviderState], _ wanted: CandidateQuery, _ version: Microversion
    ) -> APIResponse {
        let (request, summary) = (FieldPlan(Self.request, at: version), FieldPlan(Self.summary, at: version))
        return .json { writer in
            writer.array("allocation_requests") { writer in
                for state in states { request.write((state, wanted), to: &writer) }
            }
            writer.object("provider_summaries") { writer in
                for state in states {
                    writer.key(text: state.provider.id.text)
                    summary.write((state, wanted), to: &writer)
                }
            }
        }
    }
}

/// The groups of a query for candidates, and what is asked of all of them.
struct CandidateQuery: Sendable {
    private static let general = [
        Field(since: 16, "limit"), Field(since: 25, "group_policy"), Field(since: 35, "root_required"),
        Field(since: 36, "same_subtree"),
    ]
    /// Each with a group's suffix behind it.
    private static let members = [
        Field(since: 10, "resources"), Field(since: 17, "required"), Field(since: 21, "member_of"),
        Field(since: 31, "in_tree"),
    ]

    /// By suffix; that of the group without one is empty.
    private(set) var groups: [String: RequestGroup] = [:]
    /// What all groups ask for together.
    private(set) var resources: [String: Int] = [:]
    private(set) var limit: Int?
    private let isIsolated: Bool
    private let root: RequestGroup

    init(_ request: APIRequest) throws {
        let policy = request.query("group_policy")
        isIsolated = policy == "isolate"
        root = try RequestGroup(request, root: "root_required")
        for name in request.queryNames.sorted() {
            guard let suffix = try Self.suffix(of: name, request) else { continue }
            groups[suffix] = try RequestGroup(request, suffix: suffix)
        }
        for (name, amount) in groups.values.flatMap(\.resources) {
            let (sum, isTooMuch) = resources[name, default: 0].addingReportingOverflow(amount)
            resources[name] = isTooMuch ? .max : sum
        }
        if let text = request.query("limit") {
            guard let number = Int(text), number > 0 else {
                throw CloudError.badRequest("Invalid query string parameters: limit: '\(text.prefix(40))'.")
            }
            limit = number
        }
        guard policy == nil || policy == "none" || isIsolated else {
            throw CloudError.badRequest(
                "Invalid query string parameters: group_policy: it is not one of ['none', 'isolate']")
        }
        try refuseEmptyGroups(try Self.subtrees(request), request.version)
        guard policy != nil || groups.keys.filter({ !$0.isEmpty }).count <= 1 else {
            throw CloudError.badRequest(
                #"The "group_policy" parameter is required when specifying more than one "resources{N}" parameter."#)
        }
    }

    /// The suffix of a parameter that belongs to a group: numbers from 1.25, words from 1.33. `nil` for a parameter
    /// that is about all groups.
    private static func suffix(of name: String, _ request: APIRequest) throws -> String? {
        if general.shown(at: request.version).contains(name) { return nil }
        for member in members.shown(at: request.version) where name.hasPrefix(member) {
            let suffix = name.dropFirst(member.utf8.count)
            if isSuffix(suffix, request.version.minor) { return String(suffix) }
        }
        try ProviderFilter.refuseUnknown(request, Array(request.queryNames.subtracting([name])))
        return nil
    }

    private static func isSuffix(_ text: Substring, _ version: Int) -> Bool {
        if text.isEmpty { return true }
        if version >= 33 {
            return text.utf8.count <= 64
                && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
        }
        return version >= 25 && !text.hasPrefix("0") && text.allSatisfy { $0.isASCII && $0.isNumber }
    }

    private static func subtrees(_ request: APIRequest) throws -> Set<String> {
        let named = request.queries("same_subtree").flatMap { value in
            value.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { !$0.isWhitespace } }
        }
        guard !named.contains("") else {
            throw CloudError.badRequest(
                "Empty string (unsuffixed group) can not be specified in `same_subtree`")
        }
        return Set(named)
    }

    /// Refuses groups that ask for no resources. From 1.36 those that `same_subtree` names may do so, as long as
    /// another group asks for some.
    private func refuseEmptyGroups(_ subtrees: Set<String>, _ version: Microversion) throws {
        let bare = Set(groups.filter { $0.value.resources.isEmpty }.keys)
        if version >= Microversion(1, 36) {
            guard bare.count < groups.count else {
                throw CloudError.badRequest("There must be at least one resources or resources[$S] parameter.")
            }
            guard bare.isSubset(of: subtrees) else {
                throw CloudError.badRequest(
                    "Resourceless suffixed group request should be specified in `same_subtree` query param: bad "
                        + "group(s) - \(bare.subtracting(subtrees).sorted()).")
            }
            let unknown = subtrees.subtracting(groups.keys).sorted()
            guard unknown.isEmpty else {
                throw CloudError.badRequest(
                    "Real suffixes should be specified in `same_subtree`: \(unknown) not found in "
                        + "\(groups.keys.sorted()).")
            }
            return
        }
        guard !groups.isEmpty else {
            throw CloudError.badRequest(
                "At least one request group (`resources` or `resources{$S}`) is required.")
        }
        guard let empty = bare.sorted().first, let group = groups[empty] else { return }
        let what = group.isAboutTraits ? "required" : group.isAboutAggregates ? "member_of" : "in_tree"
        throw CloudError.badRequest(
            "All request groups must specify resources; \(what)\(empty) has none beside it.")
    }

    /// With `group_policy=isolate` each group with a suffix needs a provider of its own.
    func accepts(_ state: ProviderState) -> Bool {
        let mayShare = !isIsolated || groups.keys.filter { !$0.isEmpty }.count <= 1
        return mayShare && root.suits(state) && groups.values.allSatisfy { $0.suits(state) }
            && state.hasRoom(for: resources)
    }
}
