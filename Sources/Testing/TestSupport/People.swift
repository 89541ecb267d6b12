import Cloud
import Identity
package import Model

/// Who uses a test's cloud: one caller and one token each.
package struct People: Sendable {
    package enum Role: String, Sendable, CaseIterable {
        /// The operator, in project `admin`.
        case admin
        /// In project `demo`.
        case member, reader
        /// A member of project `other`.
        case stranger
    }

    package static let password = "correct horse"

    package let callers: [Role: Caller]
    package let tokens: [Role: String]
    package let projects: [String: ProjectID]

    package var admin: Caller { caller(.admin) }
    package var member: Caller { caller(.member) }
    package var demo: ProjectID { projects["demo"] ?? ProjectID("") }

    package func caller(_ role: Role) -> Caller {
        callers[role] ?? Caller(userID: UserID(""), scope: .unscoped, roles: [], requestID: "req-nobody")
    }

    static func invite(_ cloud: Cloud) async throws -> People {
        let identity = cloud.identity
        var projects = Dictionary(
            uniqueKeysWithValues: try await identity.list(Project.self).map { ($0.name, $0.id) })
        for name in ["demo", "other"] {
            let project = Project(id: .randomUndashed(), name: name, domainID: Domain.defaultID, description: "")
            try await identity.create(project, noun: "project")
            projects[name] = project.id
        }
        let roles = try await identity.list(Model.Role.self)
        for (user, project, role) in [
            ("member", "demo", "member"), ("reader", "demo", "reader"), ("stranger", "other", "member"),
        ] {
            let made = try await identity.create(
                user: User(id: .randomUndashed(), name: user, domainID: Domain.defaultID), password: password)
            guard let target = projects[project], let role = roles.first(where: { $0.name == role }) else { continue }
            try await identity.grant(
                RoleAssignment(userID: made.id, target: .project, targetID: target.text, roleID: role.id))
        }
        return try await admit(identity, projects)
    }

    private static func admit(_ identity: IdentityService, _ projects: [String: ProjectID]) async throws -> People {
        var callers: [Role: Caller] = [:]
        var tokens: [Role: String] = [:]
        for (role, project) in [
            (Role.admin, "admin"), (.member, "demo"), (.reader, "demo"), (.stranger, "other"),
        ] {
            let domain = AuthenticationRequest.DomainReference.id(Domain.defaultID)
            let (token, _) = try await identity.authenticate(
                AuthenticationRequest(
                    proof: .password(user: .name(role.rawValue, domain: domain), password: password),
                    scope: .projectName(project, domain: domain)))
            tokens[role] = token
            callers[role] = try await identity.caller(token: token, requestID: "req-\(UUIDText.random())")
        }
        return People(callers: callers, tokens: tokens, projects: projects)
    }
}
