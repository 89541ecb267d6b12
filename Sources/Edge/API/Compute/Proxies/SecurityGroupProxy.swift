import APIKit
import HTTPTypes
import Model
import Networking
import Wire

/// `/os-security-groups`: Network's security groups in Nova's form, until 2.35.
struct SecurityGroupProxyAPI: Sendable {
    let networking: NetworkingService

    static let versions = Microversion(2, 1)...Microversion(2, 35)

    var routes: [Route] {
        let (all, one) = ("/os-security-groups", "/os-security-groups/{id}")
        return [
            Route(.get, all, .reader, versions: Self.versions, handler: list),
            Route(.post, all, .member, versions: Self.versions, handler: create),
            Route(.get, one, .reader, versions: Self.versions) { request in
                let group = try await group(try Self.id(request), request)
                return try await answer(group, request)
            },
            Route(.put, one, .member, versions: Self.versions, handler: update),
            Route(.delete, one, .member, versions: Self.versions, handler: delete),
        ]
    }

    static func id<Kind>(_ request: APIRequest) throws -> Identifier<Kind> {
        guard UUIDText.isValid(request.parameter("id")) else {
            throw CloudError.badRequest("Security group id should be uuid")
        }
        return request.id()
    }

    private func group(_ id: SecurityGroupID, _ request: APIRequest) async throws -> SecurityGroup {
        try await networking.prepareGroups(of: request.caller)
        return try await networking.record(SecurityGroup.self, id, by: request.caller)
    }

    private func answer(_ group: SecurityGroup, _ request: APIRequest) async throws -> APIResponse {
        let rules = try await networking.rules(of: group.id)
        let form = SecurityGroupForm(try await networking.securityGroups(by: request.caller))
        return .json { writer in
            writer.object("security_group") { form.write(group, rules, to: &$0) }
        }
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let all = try await networking.securityGroups(by: request.caller)
        let project = try request.caller.project()
        let isOfAll = request.caller.isAdmin && request.queryNames.contains("all_tenants")
        let (offset, limit) = (try request.integer("offset") ?? 0, try request.integer("limit") ?? 0)
        let page = all.filter { isOfAll || $0.projectID == project }.dropFirst(offset)
            .prefix(limit > 0 ? min(limit, Page.maximum) : Page.maximum)
        let form = SecurityGroupForm(all)
        var ruled: [(group: SecurityGroup, rules: [SecurityGroupRule])] = []
        for group in page.sorted(by: { ($0.projectID, $0.name) < ($1.projectID, $1.name) }) {
            ruled.append((group, try await networking.rules(of: group.id)))
        }
        return .json(reserving: 4096) { [ruled] writer in
            writer.array("security_groups") { writer in
                for one in ruled { writer.object { form.write(one.group, one.rules, to: &$0) } }
            }
        }
    }

    /// Both texts are asked for; Nova passes over what else is there.
    private static func texts(_ request: APIRequest) async throws -> (name: String, description: String) {
        var outer = try Fields(try await request.json())
        var body = try outer.object("security_group")
        return (try body.string("name"), try body.string("description"))
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let (name, description) = try await Self.texts(request)
        let now = networking.clock.now()
        let group = SecurityGroup(
            id: .random(), projectID: try request.caller.project(), name: name, description: description,
            tags: try JSONText([]), createdAt: now, updatedAt: now)
        do {
            guard let made = try await networking.create([group], by: request.caller).first else {
                throw CloudError(.internal, "No security group was made.")
            }
            return try await answer(made, request)
        } catch let error as CloudError where error.kind == .conflict {
            throw CloudError(.overQuota, error.message, cause: error)
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let id: SecurityGroupID = try Self.id(request)
        let (name, description) = try await Self.texts(request)
        do {
            let changed = try await networking.update(id, by: request.caller) { group in
                group.name = name
                group.description = description
            }
            return try await answer(changed, request)
        } catch let error as CloudError where error.kind == .conflict {
            throw CloudError(.badRequest, error.message, cause: error)
        }
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        do {
            try await networking.deleteSecurityGroup(try Self.id(request), by: request.caller)
            return .accepted
        } catch let error as CloudError where error.kind == .conflict {
            throw CloudError(.badRequest, error.message, cause: error)
        }
    }
}
