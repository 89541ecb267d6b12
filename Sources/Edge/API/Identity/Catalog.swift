import APIKit
import HTTPTypes
import Identity
import Model
import Wire

/// `/services`, `/endpoints`, `/regions`.
struct CatalogAPI: Sendable {
    let identity: IdentityService

    /// Endpoints of this cloud begin with `/`: they are reached where the request came in.
    static func url(_ endpoint: Endpoint, _ request: APIRequest) -> String {
        endpoint.url.hasPrefix("/") ? request.rootURL + endpoint.url : endpoint.url
    }

    var routes: [Route] {
        [
            Route(.get, "/services", .reader) { request in
                var found = try await identity.list(CatalogService.self)
                if let type = request.query("type") { found.removeAll { $0.type != type } }
                if let name = request.query("name") { found.removeAll { $0.name != name } }
                return IdentityAPI.list("services", found, request) { write($0, request, to: &$1) }
            },
            Route(.get, "/services/{id}", .reader) { request in
                render(try await identity.find(CatalogService.self, request.parameter("id"), noun: "Service"), request)
            },
            Route(.post, "/services", .admin) { request in
                var fields = try await request.body("service")
                let service = CatalogService(
                    id: .randomUndashed(), type: try fields.string("type", 1...255),
                    name: try fields.optionalString("name") ?? "",
                    description: try fields.optionalString("description", 0...4096) ?? "",
                    enabled: try fields.optionalBool("enabled") ?? true)
                try await identity.create(service, noun: "service")
                return render(service, request, created: true)
            },
            Route(.delete, "/services/{id}", .admin) { request in
                try await identity.remove(CatalogService.self, request.parameter("id"), noun: "Service")
                return .noContent
            },
            Route(.get, "/endpoints", .reader) { request in
                var found = try await identity.list(Endpoint.self)
                if let service = request.query("service_id") { found.removeAll { $0.serviceID.text != service } }
                if let interface = request.query("interface") { found.removeAll { $0.interface != interface } }
                return IdentityAPI.list("endpoints", found, request) { write($0, request, to: &$1) }
            },
            Route(.get, "/endpoints/{id}", .reader) { request in
                render(try await identity.find(Endpoint.self, request.parameter("id"), noun: "Endpoint"), request)
            },
            Route(.post, "/endpoints", .admin) { request in
                var fields = try await request.body("endpoint")
                let endpoint = Endpoint(
                    id: .randomUndashed(), serviceID: CatalogServiceID(try fields.string("service_id")),
                    interface: try fields.word("interface", of: ["public", "internal", "admin"]) ?? "public",
                    url: try fields.string("url", 1...1024),
                    regionID: try fields.optionalString("region_id") ?? "RegionOne",
                    enabled: try fields.optionalBool("enabled") ?? true)
                try await identity.create(endpoint, noun: "endpoint")
                return render(endpoint, request, created: true)
            },
            Route(.delete, "/endpoints/{id}", .admin) { request in
                try await identity.remove(Endpoint.self, request.parameter("id"), noun: "Endpoint")
                return .noContent
            },
            Route(.get, "/regions", .authenticated) { request in
                let found = try await identity.list(Region.self)
                return IdentityAPI.list("regions", found, request) { write($0, request, to: &$1) }
            },
            Route(.get, "/regions/{id}", .authenticated) { request in
                let region = try await identity.find(Region.self, request.parameter("id"), noun: "Region")
                return .json { writer in
                    writer.key("region")
                    write(region, request, to: &writer)
                }
            },
        ]
    }

    private func render(_ service: CatalogService, _ request: APIRequest, created: Bool = false) -> APIResponse {
        .json(created ? .created : .ok) { writer in
            writer.key("service")
            write(service, request, to: &writer)
        }
    }

    private func write(_ service: CatalogService, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", service.id)
            writer.field("type", service.type)
            writer.field("name", service.name)
            writer.field("description", service.description)
            writer.field("enabled", service.enabled)
            IdentityAPI.writeLinks("services/\(service.id)", request, to: &writer)
        }
    }

    private func render(_ endpoint: Endpoint, _ request: APIRequest, created: Bool = false) -> APIResponse {
        .json(created ? .created : .ok) { writer in
            writer.key("endpoint")
            write(endpoint, request, to: &writer)
        }
    }

    private func write(_ endpoint: Endpoint, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", endpoint.id)
            writer.field("service_id", endpoint.serviceID)
            writer.field("interface", endpoint.interface)
            writer.field("url", Self.url(endpoint, request))
            writer.field("region", endpoint.regionID)
            writer.field("region_id", endpoint.regionID)
            writer.field("enabled", endpoint.enabled)
            IdentityAPI.writeLinks("endpoints/\(endpoint.id)", request, to: &writer)
        }
    }

    private func write(_ region: Region, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", region.id)
            writer.field("description", region.description)
            writer.null("parent_region_id")
            IdentityAPI.writeLinks("regions/\(region.id)", request, to: &writer)
        }
    }
}
