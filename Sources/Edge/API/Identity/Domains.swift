import APIKit
import HTTPTypes
import Identity
import Model
import Wire

/// `/domains`.
struct DomainsAPI: Sendable {
    let identity: IdentityService

    var routes: [Route] {
        [
            Route(.get, "/domains", .reader) { request in
                let found = try await identity.list(Domain.self).filter { domain in
                    request.query("name").map { $0 == domain.name } ?? true
                }
                return IdentityAPI.list("domains", found, request) { Self.write($0, request, to: &$1) }
            },
            Route(.get, "/domains/{id}", .reader) { request in
                render(try await identity.find(Domain.self, request.parameter("id"), noun: "Domain"), request)
            },
            Route(.post, "/domains", .admin) { request in
                var fields = try await request.body("domain")
                let domain = Domain(
                    id: .randomUndashed(), name: try fields.string("name", 1...64),
                    description: try fields.optionalString("description", 0...4096) ?? "",
                    enabled: try fields.optionalBool("enabled") ?? true)
                try await identity.create(domain, noun: "domain")
                return render(domain, request, created: true)
            },
            Route(.patch, "/domains/{id}", .admin) { request in
                let body = try await request.body("domain")
                let id = request.parameter("id")
                let changed = try await identity.update(Domain.self, id, noun: "Domain") { domain in
                    var fields = body
                    if let name = try fields.optionalString("name", 1...64) { domain.name = name }
                    if let text = try fields.optionalString("description", 0...4096) { domain.description = text }
                    if let enabled = try fields.optionalBool("enabled") { domain.enabled = enabled }
                }
                return render(changed, request)
            },
            Route(.delete, "/domains/{id}", .admin) { request in
                try await identity.deleteDomain(request.id())
                return .noContent
            },
        ]
    }

    private func render(_ domain: Domain, _ request: APIRequest, created: Bool = false) -> APIResponse {
        .json(created ? .created : .ok) { writer in
            writer.key("domain")
            Self.write(domain, request, to: &writer)
        }
    }

    static func write(_ domain: Domain, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", domain.id)
            writer.field("name", domain.name)
            writer.field("description", domain.description)
            writer.field("enabled", domain.enabled)
            writer.array("tags") { _ in }
            writer.object("options") { _ in }
            IdentityAPI.writeLinks("domains/\(domain.id)", request, to: &writer)
        }
    }
}
