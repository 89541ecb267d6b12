import Model

/// Who passes a rule, in the part of oslo.policy's language that can be said here.
indirect enum PolicyCheck: Sendable, Equatable {
    case always, never
    case role(String)
    case rule(String)
    /// The project or the user of the caller is that of what the request is about.
    case ownProject, ownUser
    case project(String)
    case user(String)
    case all([PolicyCheck])
    case any([PolicyCheck])
    case not(PolicyCheck)

    /// What the request is about.
    struct Target: Sendable {
        var project: ProjectID?
        var user: UserID?
    }

    /// - Parameter rule: what a rule of that name says.
    func admits(_ caller: Caller, _ target: Target, _ rule: (String) -> PolicyCheck) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .role(let name): caller.roles.contains { $0.lowercased() == name }
        case .rule(let name): rule(name).admits(caller, target, rule)
        case .ownProject: target.project.map { caller.scope == .project($0) } ?? false
        case .ownUser: caller.userID == target.user
        case .project(let id): caller.scope == .project(ProjectID(id))
        case .user(let id): caller.userID.text == id
        case .all(let parts): parts.allSatisfy { $0.admits(caller, target, rule) }
        case .any(let parts): parts.contains { $0.admits(caller, target, rule) }
        case .not(let part): !part.admits(caller, target, rule)
        }
    }

    /// The rules that it names.
    var rules: [String] {
        switch self {
        case .rule(let name): [name]
        case .all(let parts), .any(let parts): parts.flatMap(\.rules)
        case .not(let part): part.rules
        default: []
        }
    }

    /// What Nova calls such a caller, as rules may name it.
    static let known: [String: PolicyCheck] = {
        let admin = PolicyCheck.role("admin")
        func own(_ role: String) -> PolicyCheck { .all([.role(role), .ownProject]) }
        return [
            "context_is_admin": admin, "admin_api": admin, "admin_or_owner": .any([admin, .ownProject]),
            "project_manager_api": own("manager"), "project_member_api": own("member"),
            "project_reader_api": own("reader"), "service_api": .role("service"),
            "project_manager_or_admin": .any([own("manager"), admin]),
            "project_member_or_admin": .any([own("member"), admin]),
            "project_reader_or_admin": .any([own("reader"), admin]),
            "service_or_admin": .any([.role("service"), admin]),
        ]
    }()

    init(_ level: AccessLevel?) {
        switch level {
        case nil: self = .never
        case .anyone, .authenticated: self = .always
        case .reader: self = .rule("project_reader_or_admin")
        case .member: self = .rule("project_member_or_admin")
        case .manager: self = .rule("project_manager_or_admin")
        case .admin: self = .rule("context_is_admin")
        case .serviceOrAdmin: self = .rule("service_or_admin")
        }
    }
}
