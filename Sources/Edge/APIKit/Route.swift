package import HTTPTypes
package import Model

/// From which minor version on a route refuses query parameters that it does not know, and which it knows.
package struct QueryRule: Sendable {
    private let strictFrom: Int
    private let known: Set<String>
    private let rows: [Field<String>]

    /// `rows` are parameters that not every version knows.
    package init(strictFrom: Int, _ known: Set<String>, _ rows: [Field<String>] = []) {
        self.strictFrom = strictFrom
        self.known = known
        self.rows = rows
    }

    /// Parameters of other versions; they have no effect where they are not refused.
    func ignored(at version: Microversion) -> Set<String> { rows.absent(at: version) }

    func check(_ names: Set<String>, at version: Microversion) throws(CloudError) {
        guard version.minor >= strictFrom,
            let unknown = names.subtracting(known).subtracting(rows.shown(at: version)).sorted().first
        else { return }
        throw CloudError.badRequest(
            "Invalid input for query parameters \(unknown.prefix(80)). "
                + "Additional properties are not allowed at \(version).")
    }
}

/// One thing a service answers: where, since when, to whom, and how.
package struct Route: Sendable {
    package typealias Handler = @Sendable (APIRequest) async throws -> APIResponse

    package var method: HTTPRequest.Method
    /// Relative to the service; `{name}` stands for one segment.
    package var path: String
    package var access: AccessLevel
    /// The real service's name for who may pass, which refusals tell.
    package var rule: String?
    /// Whether a token of a domain or of the system is refused.
    package var isForProjects = false
    /// Where the route ends or begins later than the service; outside it, the route is not found.
    package var versions: ClosedRange<Microversion>?
    /// None where any parameter may come at any version.
    package var query: QueryRule?
    /// Whether the route does its work; others only refuse, with the reason (501, 410).
    package var isOffered = true
    /// Whether what stands in its path is a secret, which no log may have.
    package var hidesPath = false
    /// Where its answers are counted.
    var series: RouteSeries?
    package var handler: Handler

    package init(
        _ method: HTTPRequest.Method, _ path: String, _ access: AccessLevel, versions: ClosedRange<Microversion>? = nil,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.versions = versions
        self.handler = handler
    }

    /// A route of the real service that is not built yet: 501, once the token has been checked.
    package static func unfinished(_ method: HTTPRequest.Method, _ path: String) -> Self {
        var route = Route(method, path, .authenticated) { _ in
            throw CloudError(.notImplemented, "\(method) \(path) is not built yet in this cloud; see its README.")
        }
        route.isOffered = false
        return route
    }
}

/// How a service words its errors.
package enum FaultStyle: Sendable {
    case compute, identity, image, network, placement
}

/// A service behind one prefix.
package struct APIService: Sendable {
    package var name: String
    /// Such as `/compute/v2.1`.
    package var prefix: String
    package var style: FaultStyle
    package var versions: VersionRange?
    /// Whether every request is answered as at the first of its versions, and bodies are read as `LegacyBodies` says.
    package var isLegacy: Bool
    package var routes: [Route]
    /// Whether a project's id may stand between prefix and path.
    package var projectInPath: Bool
    /// Whether a path with a slash at its end is the one without it.
    package var forgivesSlash: Bool

    package init(
        name: String, prefix: String, style: FaultStyle, versions: VersionRange? = nil, isLegacy: Bool = false,
        projectInPath: Bool = false, forgivesSlash: Bool = false, routes: [Route]
    ) {
        self.name = name
        self.prefix = prefix
        self.style = style
        self.versions = versions
        self.isLegacy = isLegacy
        self.projectInPath = projectInPath
        self.forgivesSlash = forgivesSlash
        self.routes = routes
    }

    func version(of headers: HTTPFields) throws(CloudError) -> Microversion {
        guard let versions else { return Microversion(0, 0) }
        return isLegacy ? versions.minimum : try versions.negotiate(headers)
    }
}

/// Finds routes by path: a tree of segments, where a literal segment wins over a parameter.
struct RouteTree: Sendable {
    private final class Node: Sendable {
        let literals: [String: Node]
        let parameter: Node?
        let routes: [Route]

        init(_ entries: [(segments: ArraySlice<String>, route: Route)]) {
            var byLiteral: [String: [(ArraySlice<String>, Route)]] = [:]
            var byParameter: [(ArraySlice<String>, Route)] = []
            var here: [Route] = []
            for (segments, route) in entries {
                guard let first = segments.first else {
                    here.append(route)
                    continue
                }
                if first.hasPrefix("{") {
                    byParameter.append((segments.dropFirst(), route))
                } else {
                    byLiteral[first, default: []].append((segments.dropFirst(), route))
                }
            }
            routes = here
            literals = byLiteral.mapValues { Node($0.map { (segments: $0.0, route: $0.1) }) }
            parameter = byParameter.isEmpty ? nil : Node(byParameter.map { (segments: $0.0, route: $0.1) })
        }
    }

    private let root: Node

    init(_ routes: [Route]) {
        root = Node(routes.map { (segments: Self.segments($0.path)[...], route: $0) })
    }

    static func segments(_ path: some StringProtocol) -> [String] {
        path.split { $0 == "/" }.map { String($0) }
    }

    /// The routes of a path, whatever their method; empty when there are none.
    func routes(_ segments: [String]) -> [Route] {
        find(root, segments[...]) ?? []
    }

    private func find(_ node: Node, _ segments: ArraySlice<String>) -> [Route]? {
        guard let first = segments.first else { return node.routes.isEmpty ? nil : node.routes }
        if let next = node.literals[first], let found = find(next, segments.dropFirst()) { return found }
        guard let next = node.parameter else { return nil }
        return find(next, segments.dropFirst())
    }

    /// What stands at the `{name}` segments of the route.
    static func parameters(_ route: Route, _ segments: [String]) -> [String: String] {
        var found: [String: String] = [:]
        for (pattern, actual) in zip(self.segments(route.path), segments) where pattern.hasPrefix("{") {
            found[String(pattern.dropFirst().dropLast())] = actual.removingURLPercentEncoding() ?? actual
        }
        return found
    }
}
