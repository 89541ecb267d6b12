import Foundation
import HTTPTypes
package import Hummingbird
package import Identity
package import Logging
import Model
import NIOCore
import Wire

/// The context Hummingbird wants; what handlers need travels in `APIRequest`.
package struct FrontContext: RequestContext, Sendable {
    package var coreContext: CoreRequestContextStorage
    let address: SocketAddress?
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress
        channel = source.channel
    }
}

/// Where every request comes in: finds the service and the route, the version, the caller; turns errors into faults.
package struct FrontDoor: HTTPResponder {
    package typealias Context = FrontContext

    private struct Entry: Sendable {
        let service: APIService
        let tree: RouteTree
        /// Counts requests that found no route.
        let unrouted: RouteSeries
    }

    private let entries: [Entry]
    private let open: RouteTree
    private let unrouted: RouteSeries
    private let identity: IdentityService
    private let logger: Logger
    private let publicURL: String?
    private let bodies: BodyBudget
    private let openBodies: BodyBudget

    /// `open` routes stand outside every service and need no token. `publicURL` is where clients reach the cloud when
    /// that is not where it listens; without it, links begin as the request's own address does.
    package init(
        services: [APIService], open: [Route], identity: IdentityService, metrics: RequestMetrics,
        publicURL: String? = nil, bodies: BodyBudget = BodyBudget(), logger: Logger
    ) {
        func counted(_ routes: [Route], _ service: String) -> RouteTree {
            RouteTree(
                routes.map { route in
                    var route = route
                    route.series = metrics.series(
                        service: service, method: route.method.rawValue, path: route.path, hidesPath: route.hidesPath)
                    return route
                })
        }
        func unrouted(_ service: String) -> RouteSeries { metrics.series(service: service, method: "", path: "") }
        entries = services.map { service in
            Entry(service: service, tree: counted(service.routes, service.name), unrouted: unrouted(service.name))
        }.sorted { $0.service.prefix.utf8.count > $1.service.prefix.utf8.count }
        self.open = counted(open, "none")
        self.unrouted = unrouted("none")
        self.identity = identity
        self.logger = logger
        self.publicURL = publicURL
        self.bodies = bodies
        openBodies = bodies.withoutToken()
    }

    package func respond(to request: Request, context: FrontContext) async throws -> Response {
        let started = ContinuousClock.now
        let requestID = "req-\(UUIDText.random())"
        let path = request.uri.path
        let entry = entries.first { path == $0.service.prefix || path.hasPrefix($0.service.prefix + "/") }
        var response: APIResponse
        var series = entry?.unrouted ?? unrouted
        do {
            guard !request.uri.string.contains("%00") else {
                throw CloudError.badRequest("The address holds the character U+0000.")
            }
            response = try await answer(request, context, entry, requestID, &series)
        } catch {
            let failure = cloudError(error, requestID)
            response = fault(failure, entry?.service.style ?? .compute, request, requestID)
        }
        response.headers[.openStackRequestID] = requestID
        if entry?.service.style == .compute { response.headers[.computeRequestID] = requestID }
        series.record(code: response.status.code, after: ContinuousClock.now - started)
        log(request, requestID, response.status, series, since: started)
        if case .webSocket(let answer) = response.body { try await answer.serve(on: context.channel) }
        return response.response(withBody: request.method != .head)
    }

    private func fault(
        _ error: CloudError, _ style: FaultStyle, _ request: Request, _ requestID: String
    ) -> APIResponse {
        Faults.response(
            error, style, requestID: requestID, accept: request.headers[.accept], rootURL: rootURL(of: request))
    }

    private func cloudError(_ error: any Error, _ requestID: String) -> CloudError {
        if let known = error as? CloudError {
            if known.kind == .internal { logger.error("\(known)", metadata: ["request": "\(requestID)"]) }
            return known
        }
        if let http = error as? any HTTPResponseError {
            return CloudError(http.status == .contentTooLarge ? .tooLarge : .badRequest, "The request cannot be read.")
        }
        if error is CancellationError {
            return CloudError(.unavailable, "The service is shutting down; try again in a moment.")
        }
        logger.error("a request failed unexpectedly", metadata: ["request": "\(requestID)", "error": "\(error)"])
        return CloudError(
            .internal, "Unexpected error. The service's log knows more under \(requestID).", cause: error)
    }

    /// Reads are logged for debugging only: they are many, and change nothing.
    private func log(
        _ request: Request, _ requestID: String, _ status: HTTPResponse.Status, _ series: RouteSeries,
        since started: ContinuousClock.Instant
    ) {
        let level: Logger.Level = [.get, .head].contains(request.method) ? .debug : .info
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "method": "\(request.method)", "path": "\(series.hidesPath ? series.path : request.uri.path)",
            "route": "\(series.path)",
            "status": "\(status.code)",
            "request": "\(requestID)", "took": "\(ContinuousClock.now - started)",
        ]
        if let global = request.headers[.openStackRequestID], global.hasPrefix("req-"), global.utf8.count == 40 {
            metadata["global"] = "\(global)"
        }
        logger.log(level: level, "request", metadata: metadata)
    }

    private func answer(
        _ request: Request, _ context: FrontContext, _ entry: Entry?, _ requestID: String,
        _ series: inout RouteSeries
    ) async throws -> APIResponse {
        guard let entry else {
            let segments = RouteTree.segments(request.uri.path)
            let route = try pick(open.routes(segments), request.method, nil)
            series = route.series ?? series
            return try await run(route, request, context, segments, .nobody(requestID), Microversion(0, 0), prefix: "")
        }
        let service = entry.service
        let version = try service.version(of: request.headers)
        var response: APIResponse
        do {
            response = try await answer(request, context, entry, version, requestID, &series)
        } catch {
            response = fault(cloudError(error, requestID), service.style, request, requestID)
        }
        if service.style == .identity { response.headers[.vary] = "X-Auth-Token" }
        if let range = service.versions, !service.isLegacy {
            response.headers[.openStackAPIVersion] = "\(range.service) \(version)"
            response.headers[.vary] = "OpenStack-API-Version"
            if let legacy = range.legacyHeader {
                response.headers[legacy] = "\(version)"
                response.headers[.vary] = "OpenStack-API-Version, \(legacy.rawName)"
            }
        }
        return response
    }

    private func answer(
        _ request: Request, _ context: FrontContext, _ entry: Entry, _ version: Microversion, _ requestID: String,
        _ series: inout RouteSeries
    ) async throws -> APIResponse {
        let service = entry.service
        var segments = RouteTree.segments(request.uri.path.dropFirst(service.prefix.utf8.count))
        var pathProject: String?
        var routes = entry.tree.routes(segments)
        if routes.isEmpty, service.projectInPath, let first = segments.first, UUIDText.isValid(first) {
            pathProject = first
            segments.removeFirst()
            routes = entry.tree.routes(segments)
        }
        if !service.forgivesSlash, !segments.isEmpty, request.uri.path.hasSuffix("/") { routes = [] }
        let wanted = method(request.method, routes)
        series = routes.first { $0.method == wanted }?.series ?? series
        let anyone = routes.contains { $0.access == .anyone && $0.method == wanted }
        let caller = anyone ? .nobody(requestID) : try await caller(of: request, requestID)
        if let pathProject, case .project(let own) = caller.scope, own.text != pathProject {
            throw CloudError.badRequest(
                "Malformed request URL: URL's project_id '\(pathProject)' doesn't match Context's project_id '\(own)'.")
        }
        let route = try pick(routes, request.method, version)
        try refuse(caller, unlessAdmittedBy: route)
        if service.style == .compute { try refuseForeignMedia(request) }
        func run() async throws -> APIResponse {
            try await self.run(route, request, context, segments, caller, version, prefix: service.prefix)
        }
        return service.isLegacy ? try await LegacyBodies.$areRead.withValue(true, operation: run) : try await run()
    }

    private func refuse(_ caller: Caller, unlessAdmittedBy route: Route) throws {
        let name = route.rule ?? "\(route.method) \(route.path)"
        guard route.access.admits(caller) else {
            throw CloudError(
                .forbidden,
                "Policy doesn't allow \(name) to be performed: it needs the role \(route.access.rawValue).")
        }
        guard route.isForProjects else { return }
        switch caller.scope {
        case .project, .unscoped: return
        case .domain, .system:
            throw CloudError(
                .forbidden,
                "Policy doesn't allow \(name) to be performed: your token is not for a project; get one that is.")
        }
    }

    /// Nova reads JSON; a body that says nothing of its type is taken for it.
    private func refuseForeignMedia(_ request: Request) throws {
        guard let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased(),
            [.post, .put, .patch].contains(request.method)
        else { return }
        guard type == "application/json" || type.hasSuffix("+json") else {
            throw CloudError(.unsupportedMedia, "Unsupported Content-Type \(type.prefix(80)): send application/json.")
        }
    }

    private func run(
        _ route: Route, _ request: Request, _ context: FrontContext, _ segments: [String], _ caller: Caller,
        _ version: Microversion, prefix: String
    ) async throws -> APIResponse {
        let share =
            route.access == .anyone
            ? BodyShare(openBodies, limit: APIRequest.openBodyLimit) : BodyShare(bodies, limit: APIRequest.bodyLimit)
        defer { share.giveBack() }
        let asked = APIRequest(
            request: request, caller: caller, version: version, parameters: RouteTree.parameters(route, segments),
            queryParameters: try QueryParameters(request.uri.query ?? ""),
            ignored: route.query?.ignored(at: version) ?? [], rootURL: rootURL(of: request), prefix: prefix,
            address: context.address?.ipAddress ?? "", share: share)
        try route.query?.check(asked.queryNames, at: version)
        return try await route.handler(asked)
    }

    /// HEAD is answered as GET where nothing else is said.
    private func method(_ asked: HTTPRequest.Method, _ routes: [Route]) -> HTTPRequest.Method {
        asked == .head && !routes.contains { $0.method == .head } ? .get : asked
    }

    private func pick(_ routes: [Route], _ method: HTTPRequest.Method, _ version: Microversion?) throws -> Route {
        guard !routes.isEmpty else { throw CloudError(.notFound, "The resource could not be found.") }
        let wanted = self.method(method, routes)
        let candidates = routes.filter { $0.method == wanted }
        guard !candidates.isEmpty else {
            throw CloudError(.notAllowed, "The resource could not be found: \(method) is not known there.")
        }
        guard let version else { return candidates[0] }
        guard let route = candidates.first(where: { $0.versions?.contains(version) ?? true }) else {
            throw CloudError(.notFound, "API version \(version) is not supported on this method.")
        }
        return route
    }

    private func caller(of request: Request, _ requestID: String) async throws -> Caller {
        guard let token = request.headers[.authToken], !token.isEmpty else {
            throw CloudError(.unauthorized, "The request you have made requires authentication: send X-Auth-Token.")
        }
        return try await identity.caller(token: token, requestID: requestID)
    }

    /// What every link begins with. Of the headers only `Host` has a say.
    private func rootURL(of request: Request) -> String {
        publicURL ?? "\(request.head.scheme ?? "http")://\(request.head.authority ?? "localhost")"
    }
}

extension Caller {
    fileprivate static func nobody(_ requestID: String) -> Caller {
        Caller(userID: UserID(""), scope: .unscoped, roles: [], requestID: requestID)
    }
}

extension String {
    func removingURLPercentEncoding() -> String? { removingPercentEncoding }
}
