import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/services`, `/endpoints`, `/regions`.
struct CatalogAPI: Sendable {
    let identity: IdentityService

    private var services: IdentityResource<CatalogService> { .init(table: ServiceAttributes.table, identity: identity) }
    private var endpoints: IdentityResource<Endpoint> { .init(table: EndpointAttributes.table, identity: identity) }
    private var regions: IdentityResource<Region> { .init(table: RegionAttributes.table, identity: identity) }

    /// Endpoints of this cloud begin with `/`: they are reached where the request came in.
    static func url(_ endpoint: Endpoint, _ request: APIRequest) -> String {
        endpoint.url.hasPrefix("/") ? request.rootURL + endpoint.url : endpoint.url
    }

    var routes: [Route] { serviceRoutes + endpointRoutes + regionRoutes }

    private var serviceRoutes: [Route] {
        [
            Route(.get, "/services", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "list_services")
                return try await services.list(request)
            },
            Route(.get, "/services/{id}", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "get_service")
                return try await services.answer(request.parameter("id"), request)
            },
            Route(.post, "/services", .admin) { request in
                let draft = CatalogService(id: .randomUndashed(), type: "", name: "")
                try await identity.create(draft, services.wishes(request, .creation), noun: "service")
                return try await services.answer(draft.id.text, request, .created)
            },
            Route(.patch, "/services/{id}", .admin) { request in
                let id = request.parameter("id")
                try await identity.update(
                    CatalogService.self, id, services.wishes(request, .change), noun: "service")
                return try await services.answer(id, request)
            },
            Route(.delete, "/services/{id}", .admin) { request in
                try await identity.remove(CatalogService.self, request.parameter("id"), noun: "service")
                return .noContent
            },
        ]
    }

    private var endpointRoutes: [Route] {
        [
            Route(.get, "/endpoints", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "list_endpoints")
                return try await endpoints.list(request)
            },
            Route(.get, "/endpoints/{id}", .authenticated) { request in
                try IdentityPolicy.require(request.caller.seesAll, "get_endpoint")
                return try await endpoints.answer(request.parameter("id"), request)
            },
            Route(.post, "/endpoints", .admin) { request in
                let id = try await identity.create(endpoint: endpoints.wishes(request, .creation))
                return try await endpoints.answer(id.text, request, .created)
            },
            Route(.patch, "/endpoints/{id}", .admin) { request in
                let id = request.parameter("id")
                try await identity.update(endpoint: id, endpoints.wishes(request, .change))
                return try await endpoints.answer(id, request)
            },
            Route(.delete, "/endpoints/{id}", .admin) { request in
                try await identity.remove(Endpoint.self, request.parameter("id"), noun: "endpoint")
                return .noContent
            },
        ]
    }

    private var regionRoutes: [Route] {
        [
            Route(.get, "/regions", .authenticated) { try await regions.list($0) },
            Route(.get, "/regions/{id}", .authenticated) { request in
                try await regions.answer(request.parameter("id"), request)
            },
            Route(.post, "/regions", .admin) { request in
                let id = try await identity.create(region: regions.wishes(request, .creation), id: nil)
                return try await regions.answer(id, request, .created)
            },
            Route(.put, "/regions/{id}", .admin) { request in
                let id = request.parameter("id")
                let wishes = try await regions.wishes(request, .creation)
                guard wishes["id"].map({ $0.text == id }) ?? true else {
                    throw CloudError.badRequest(
                        "Conflicting region IDs specified: \"\(id.prefix(80))\" != "
                            + "\"\((wishes["id"]?.text ?? "").prefix(80))\"")
                }
                return try await regions.answer(
                    try await identity.create(region: wishes, id: id), request, .created)
            },
            Route(.patch, "/regions/{id}", .admin) { request in
                let id = request.parameter("id")
                try await identity.update(region: id, regions.wishes(request, .change))
                return try await regions.answer(id, request)
            },
            Route(.delete, "/regions/{id}", .admin) { request in
                try await identity.delete(region: request.parameter("id"))
                return .noContent
            },
        ]
    }
}
