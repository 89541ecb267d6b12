import APIKit
import Attributes
import HTTPTypes
import Identity
import Model
import Wire

/// `/projects`.
struct ProjectsAPI: Sendable {
    let identity: IdentityService

    private var resource: IdentityResource<Project> { .init(table: ProjectAttributes.table, identity: identity) }

    var routes: [Route] {
        [
            Route(.get, "/projects", .authenticated) { request in
                let own = try request.caller.listedDomain("list_projects")
                return try await resource.list(request, own.map { [.inDomain($0)] } ?? [])
            },
            Route(.get, "/projects/{id}", .authenticated, handler: show),
            Route(.get, "/users/{user}/projects", .authenticated) { request in
                let user: UserID = request.id("user")
                let domain = try await identity.domain(of: user)
                try IdentityPolicy.require(
                    user == request.caller.userID || request.caller.sees(domain), "list_user_projects")
                return try await list(of: user, request)
            },
            Route(.post, "/projects", .authenticated) { request in
                try IdentityPolicy.require(request.caller.manages(request.caller.domain), "create_project")
                let wishes = try await resource.wishes(request, .creation)
                let isDomain = wishes["is_domain"] == true
                let domain = wishes["domain_id"].map { DomainID($0.text) } ?? request.caller.domain
                try IdentityPolicy.require(request.caller.manages(isDomain ? nil : domain), "create_project")
                let id = try await identity.create(project: wishes, domain: request.caller.domain)
                return try await resource.answer(id.text, request, .created)
            },
            Route(.patch, "/projects/{id}", .authenticated) { request in
                let id = try await managed(request, "update_project")
                try await identity.update(project: id, resource.wishes(request, .change))
                return try await resource.answer(id, request)
            },
            Route(.delete, "/projects/{id}", .authenticated) { request in
                try await identity.delete(project: ProjectID(try await managed(request, "delete_project")))
                return .noContent
            },
        ] + tags
    }

    /// The projects in which a user has a role.
    func list(of user: UserID, enabledOnly: Bool = false, _ request: APIRequest) async throws -> APIResponse {
        let ids = try await identity.projects(of: user).map(\.text)
        return try await resource.list(request, [.among(ids)] + (enabledOnly ? [.enabled] : []))
    }

    /// The id of the path, when what it names is the caller's to change.
    private func managed(_ request: APIRequest, _ action: String) async throws -> String {
        let id = request.parameter("id")
        try IdentityPolicy.require(request.caller.manages(try await identity.domain(of: ProjectID(id))), action)
        return id
    }

    /// The id of the path, when what it names is the caller's to see.
    private func seen(_ request: APIRequest, _ action: String) async throws -> String {
        let id = ProjectID(request.parameter("id"))
        let isOwn = request.caller.scope == .project(id)
        let domain = try await identity.domain(of: id)
        try IdentityPolicy.require(isOwn || request.caller.sees(domain), action)
        return id.text
    }

    @Sendable
    private func show(_ request: APIRequest) async throws -> APIResponse {
        let id = try await seen(request, "get_project")
        let (parents, subtree) = (try choice("parents", request), try choice("subtree", request))
        guard parents != nil || subtree != nil else { return try await resource.answer(id, request) }
        var row = try await identity.show(resource.table, id, for: IdentityResource<Project>.viewer(request))
        var writer = JSONWriter(reserving: 1024)
        if let parents {
            try await write(parents, "parents", try await identity.parents(of: id), id, request, to: &writer)
        }
        if let subtree {
            try await write(subtree, "subtree", try await identity.subtree(of: id), id, request, to: &writer)
        }
        row.removeLast()
        row += [UInt8(ascii: ",")] + writer.bytes + [UInt8(ascii: "}")]
        let bytes = row
        return .json(reserving: bytes.count + 64) { writer in
            writer.key("project")
            writer.raw(utf8: bytes)
        }
    }

    private enum Form { case list, ids }

    private func choice(_ name: String, _ request: APIRequest) throws -> Form? {
        let (list, ids) = (request.query("\(name)_as_list"), request.query("\(name)_as_ids"))
        let (wantsList, wantsIDs) = (list.map { $0 != "0" } ?? false, ids.map { $0 != "0" } ?? false)
        guard !wantsList || !wantsIDs else {
            throw CloudError.badRequest(
                "Cannot use \(name)_as_list and \(name)_as_ids query params at the same time.")
        }
        return wantsList ? .list : wantsIDs ? .ids : nil
    }

    /// Of a list, only the projects in which the caller has a role.
    private func write(
        _ form: Form, _ name: String, _ found: [Project], _ id: String, _ request: APIRequest,
        to writer: inout JSONWriter
    ) async throws {
        writer.key(text: name)
        switch form {
        case .list:
            let own = try await identity.projects(of: request.caller.userID)
            var rows: [[UInt8]] = []
            for project in found where own.contains(project.id) {
                rows.append(
                    try await identity.show(
                        resource.table, project.id.text, for: IdentityResource<Project>.viewer(request)))
            }
            writer.array { writer in
                for row in rows {
                    writer.object { writer in
                        writer.key("project")
                        writer.raw(utf8: row)
                    }
                }
            }
        case .ids where name == "parents":
            let domain = try await identity.domain(of: ProjectID(id))
            let chain = found.map(\.id.text) + (domain.map { [$0.text] } ?? [])
            Self.write(chain: chain[...], to: &writer)
        case .ids:
            let children = Dictionary(grouping: found) { $0.parentID?.text ?? $0.domainID.text }
            Self.write(below: id, children, to: &writer)
        }
    }

    private static func write(chain: ArraySlice<String>, to writer: inout JSONWriter) {
        guard let first = chain.first else { return writer.null() }
        writer.object { writer in
            writer.key(text: first)
            write(chain: chain.dropFirst(), to: &writer)
        }
    }

    private static func write(below id: String, _ children: [String: [Project]], to writer: inout JSONWriter) {
        guard let own = children[id] else { return writer.null() }
        writer.object { writer in
            for child in own {
                writer.key(text: child.id.text)
                write(below: child.id.text, children, to: &writer)
            }
        }
    }

    private var tags: [Route] {
        [
            Route(.get, "/projects/{id}/tags", .authenticated) { request in
                let id = try await seen(request, "list_project_tags")
                return render(try await identity.tags(of: id), request)
            },
            Route(.put, "/projects/{id}/tags", .authenticated) { request in
                let id = try await managed(request, "update_project_tags")
                var fields = try Fields(try await request.json())
                let wanted = try fields.requiredStrings("tags")
                try fields.finish()
                return render(try await identity.retag(id) { _ in wanted }, request)
            },
            Route(.delete, "/projects/{id}/tags", .authenticated) { request in
                _ = try await identity.retag(managed(request, "delete_project_tags")) { _ in [] }
                return .noContent
            },
            Route(.get, "/projects/{id}/tags/{tag}", .authenticated) { request in
                let id = try await seen(request, "get_project_tag")
                guard try await identity.tags(of: id).contains(request.parameter("tag")) else {
                    throw noTag(request)
                }
                return .noContent
            },
            Route(.put, "/projects/{id}/tags/{tag}", .authenticated) { request in
                let (id, tag) = (try await managed(request, "create_project_tag"), request.parameter("tag"))
                _ = try await identity.retag(id) { $0 + [tag] }
                return APIResponse(.created).header(.location, request.rootURL + request.path)
            },
            Route(.delete, "/projects/{id}/tags/{tag}", .authenticated) { request in
                let (id, tag) = (try await managed(request, "delete_project_tag"), request.parameter("tag"))
                _ = try await identity.retag(id) { tags in
                    guard tags.contains(tag) else { throw noTag(request) }
                    return tags.filter { $0 != tag }
                }
                return .noContent
            },
        ]
    }

    private func noTag(_ request: APIRequest) -> CloudError {
        CloudError(.notFound, "Could not find project tag: \(request.parameter("tag").prefix(80)).")
    }

    private func render(_ tags: [String], _ request: APIRequest) -> APIResponse {
        .json { writer in
            writer.field("tags", strings: tags)
            writer.object("links") { $0.field("self", request.rootURL + request.path) }
        }
    }
}
