import APIKit
import HTTPTypes
import Identity
import Model
import Wire

/// `/role_assignments`.
struct AssignmentsAPI: Sendable {
    let identity: IdentityService

    var routes: [Route] { [Route(.get, "/role_assignments", .authenticated, handler: list)] }

    @Sendable
    private func list(_ request: APIRequest) async throws -> APIResponse {
        let hasSubtree = Self.flag("include_subtree", request)
        var filter: AssignmentFilter
        if hasSubtree {
            let project = ProjectID(request.query("scope.project.id") ?? "")
            let domain = try await identity.domain(of: project)
            try IdentityPolicy.require(request.caller.sees(domain), "list_role_assignments_for_tree")
            filter = try Self.filter(request)
        } else {
            let domain = try request.caller.listedDomain("list_role_assignments")
            filter = try Self.filter(request)
            filter.domain = domain
        }
        let found = try await identity.assignments(filter)
        let names = Self.flag("include_names", request) ? try await AssignmentNames(identity) : nil
        return .json(reserving: found.count * 256) { writer in
            writer.array("role_assignments") { writer in
                for assignment in found { Self.write(assignment, names, request, to: &writer) }
            }
            writer.object("links") {
                $0.field("self", request.rootURL + request.path)
                $0.null("previous")
                $0.null("next")
            }
        }
    }

    /// Present and not 0.
    private static func flag(_ name: String, _ request: APIRequest) -> Bool {
        request.query(name).map { $0 != "0" } ?? false
    }

    private static func filter(_ request: APIRequest) throws -> AssignmentFilter {
        func given(_ name: String) -> String? { request.query(name).flatMap { $0.isEmpty ? nil : $0 } }
        func refuse(_ first: String, _ second: String, _ words: String) throws {
            guard given(first) == nil || given(second) == nil else {
                throw CloudError.badRequest("Specify \(words), not both")
            }
        }
        try refuse("scope.domain.id", "scope.project.id", "a domain or project")
        try refuse("scope.domain.id", "scope.system", "system or domain")
        try refuse("scope.project.id", "scope.system", "system or project")
        try refuse("user.id", "group.id", "a user or group")
        var filter = AssignmentFilter()
        filter.isEffective = flag("effective", request)
        filter.isInherited = request.query("scope.OS-INHERIT:inherited_to").map { $0 == "projects" }
        filter.hasSubtree = flag("include_subtree", request)
        filter.user = given("user.id").map { UserID($0) }
        filter.group = given("group.id").map { UserGroupID($0) }
        filter.role = given("role.id").map { RoleID($0) }
        if let project = given("scope.project.id") { filter.at(.project, project) }
        if let domain = given("scope.domain.id") { filter.at(.domain, domain) }
        if given("scope.system") != nil { filter.at(.system, "all") }
        try check(filter)
        return filter
    }

    private static func check(_ filter: AssignmentFilter) throws {
        guard !filter.hasSubtree || filter.place?.target == .project else {
            throw CloudError.badRequest("scope.project.id must be specified if include_subtree is also specified")
        }
        guard filter.isEffective else { return }
        guard filter.group == nil else {
            throw CloudError.badRequest("Combining effective and group filter will always result in an empty list.")
        }
        guard filter.isInherited != true || filter.place?.target != .domain else {
            throw CloudError.badRequest(
                "Combining effective, domain and inherited filters will always result in an empty list.")
        }
    }

    private static func write(
        _ assignment: Assignment, _ names: AssignmentNames?, _ request: APIRequest, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            names.write("role", assignment.roleID.text, to: &writer)
            switch assignment.actor {
            case .user(let id): names.write("user", id.text, to: &writer)
            case .group(let id): names.write("group", id.text, to: &writer)
            }
            writer.object("scope") { writer in
                switch assignment.place.target {
                case .project: names.write("project", assignment.place.id, to: &writer)
                case .domain: names.write("domain", assignment.place.id, to: &writer)
                case .system: writer.object("system") { $0.field("all", true) }
                }
                if assignment.isInherited { writer.field("OS-INHERIT:inherited_to", "projects") }
            }
            writer.object("links") { write(linksOf: assignment, request, to: &$0) }
        }
    }

    private static func write(linksOf assignment: Assignment, _ request: APIRequest, to writer: inout JSONWriter) {
        let root = request.rootURL + "/identity/v3"
        let place = assignment.source ?? assignment.place
        var path =
            switch place.target {
            case .project: "/projects/\(place.id)"
            case .domain: "/domains/\(place.id)"
            case .system: "/system"
            }
        switch (assignment.actor, assignment.group) {
        case (_, .some(let group)): path += "/groups/\(group)"
        case (.user(let id), nil): path += "/users/\(id)"
        case (.group(let id), nil): path += "/groups/\(id)"
        }
        path += "/roles/\(assignment.prior ?? assignment.roleID)"
        if assignment.isInherited { path = "/OS-INHERIT\(path)/inherited_to_projects" }
        writer.field("assignment", root + path)
        if let group = assignment.group, case .user(let user) = assignment.actor {
            writer.field("membership", "\(root)/groups/\(group)/users/\(user)")
        }
        if let prior = assignment.prior {
            writer.field("prior_role", "\(root)/prior_role/\(prior)/implies/\(assignment.roleID)")
        }
    }
}

/// Names for `include_names`, by id, and the domains of what is in one.
private struct AssignmentNames {
    var all: [String: (name: String, domain: DomainID?)] = [:]

    init(_ identity: IdentityService) async throws {
        for role in try await identity.list(Role.self) { all[role.id.text] = (role.name, role.domainID) }
        for user in try await identity.list(User.self) { all[user.id.text] = (user.name, user.domainID) }
        for group in try await identity.list(UserGroup.self) { all[group.id.text] = (group.name, group.domainID) }
        for project in try await identity.list(Project.self) { all[project.id.text] = (project.name, project.domainID) }
        for domain in try await identity.list(Domain.self) { all[domain.id.text] = (domain.name, nil) }
    }
}

extension AssignmentNames? {
    fileprivate func write(_ kind: StaticString, _ id: String, to writer: inout JSONWriter) {
        writer.object(kind) { writer in
            writer.field("id", id)
            guard let known = self?.all[id] else { return }
            writer.field("name", known.name)
            guard let domain = known.domain else { return }
            writer.object("domain") {
                $0.field("id", domain)
                $0.field("name", self?.all[domain.text]?.name)
            }
        }
    }
}
