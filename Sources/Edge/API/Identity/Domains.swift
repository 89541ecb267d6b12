import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/domains`.
struct DomainsAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<Domain> { .init(table: DomainAttributes.table, identity: identity) }

    var routes: [Route] {
        [
            Route(.get, "/domains", .authenticated) { request in
                let own = try request.caller.listedDomain("list_domains")
                return try await resource.list(request, own.map { [.isDomain($0)] } ?? [])
            },
            Route(.get, "/domains/{id}", .authenticated) { request in
                let id: DomainID = request.id()
                let isOwn = try await identity.domain(of: request.caller) == id
                try IdentityPolicy.require(request.caller.seesAll || isOwn, "get_domain")
                return try await resource.answer(id.text, request)
            },
            Route(.post, "/domains", .admin) { request in
                let id = try await identity.create(domain: resource.wishes(request, .creation))
                return try await resource.answer(id.text, request, .created)
            },
            Route(.patch, "/domains/{id}", .admin) { request in
                let id = request.parameter("id")
                try await identity.update(domain: id, resource.wishes(request, .change))
                return try await resource.answer(id, request)
            },
            Route(.delete, "/domains/{id}", .admin) { request in
                try await identity.delete(domain: request.id())
                return .noContent
            },
        ]
    }
}
