package import Model
import Store

/// A role that somebody has somewhere, and what it comes from.
package struct Assignment: Sendable {
    package struct Place: Sendable, Equatable {
        package var target: RoleAssignment.Target
        package var id: String
    }

    package var actor: Actor
    package var roleID: RoleID
    package var place: Place
    package var isInherited: Bool
    /// The group by which a user has it.
    package var group: UserGroupID?
    /// Where it was granted, when it was inherited from there.
    package var source: Place?
    /// The role that implies it.
    package var prior: RoleID?
}

/// What is asked of a list of assignments.
package struct AssignmentFilter: Sendable {
    package var user: UserID?
    package var group: UserGroupID?
    package var role: RoleID?
    package var place: Assignment.Place?
    package var isInherited: Bool?
    package var isEffective = false
    package var hasSubtree = false
    /// Only what is in this domain.
    package var domain: DomainID?

    package init() {}

    package mutating func at(_ target: RoleAssignment.Target, _ id: String) {
        place = Assignment.Place(target: target, id: id)
    }
}

extension IdentityService {
    package func assignments(_ filter: AssignmentFilter) async throws -> [Assignment] {
        try await database.read { db in
            let found = try filter.isEffective ? Self.effective(filter, db) : Self.granted(filter, filter.role, db)
            guard let domain = filter.domain else { return found }
            let projects = Set(try db.texts("SELECT id FROM projects WHERE domain_id = ?1", [.id(domain)]))
            return found.filter { assignment in
                switch assignment.place.target {
                case .project: projects.contains(assignment.place.id)
                case .domain: assignment.place.id == domain.text
                case .system: false
                }
            }
        }
    }

    /// Grants as they were made.
    private static func granted(
        _ filter: AssignmentFilter, _ role: RoleID?, _ db: any Connection
    ) throws -> [Assignment] {
        var conditions: [(sql: String, value: SQLValue)] = []
        if let role { conditions.append(("role_id =", .id(role))) }
        if let isInherited = filter.isInherited { conditions.append(("inherited =", .bool(isInherited))) }
        var targets: [String] = []
        if let place = filter.place {
            conditions.append(("target =", .raw(place.target)))
            targets = [place.id]
            if filter.hasSubtree {
                targets += try GrantQueries.subtree(of: ProjectID(place.id), db).map(\.id.text)
            }
        }
        var found: [Assignment] = []
        if filter.group == nil {
            let own = filter.user.map { [(sql: "user_id =", value: SQLValue.id($0))] } ?? []
            found += try rows(RoleAssignment.self, own + conditions, targets, db).map { Assignment($0) }
        }
        if filter.user == nil {
            let own = filter.group.map { [(sql: "group_id =", value: SQLValue.id($0))] } ?? []
            found += try rows(GroupAssignment.self, own + conditions, targets, db).map { Assignment($0) }
        }
        return found
    }

    private static func rows<Kept: IdentityRecord>(
        _ type: Kept.Type, _ conditions: [(sql: String, value: SQLValue)], _ targets: [String], _ db: any Connection
    ) throws -> [Kept] {
        var clauses = conditions.enumerated().map { "\($1.sql) ?\($0 + 1)" }
        var arguments = conditions.map(\.value)
        if !targets.isEmpty {
            let places = targets.indices.map { "?\(arguments.count + $0 + 1)" }.joined(separator: ", ")
            clauses.append("target_id IN (\(places))")
            arguments += targets.map { .text($0) }
        }
        let condition = clauses.isEmpty ? "" : "WHERE \(clauses.joined(separator: " AND ")) "
        return try db.fetch(type, condition + "ORDER BY \(Kept.order)", arguments)
    }

    /// What users have in the end: by groups, from above, and by implication.
    private static func effective(_ filter: AssignmentFilter, _ db: any Connection) throws -> [Assignment] {
        var wide = AssignmentFilter()
        wide.isInherited = filter.isInherited
        let implied = Dictionary(grouping: try IdentityQueries.implications(db), by: \.prior)
        let domainRoles = Set(try db.fetch(Role.self, "WHERE domain_id IS NOT NULL").map(\.id))
        let wanted = try places(filter, db)
        var found: [Assignment] = []
        for grant in try granted(wide, nil, db) {
            for held in try members(of: grant, filter.user, db) {
                for placed in try below(held, db) where wanted?.contains(placed.place) ?? true {
                    found += expand(placed, implied).filter { one in
                        !domainRoles.contains(one.roleID) && (filter.role.map { one.roleID == $0 } ?? true)
                    }
                }
            }
        }
        return found
    }

    private static func places(_ filter: AssignmentFilter, _ db: any Connection) throws -> [Assignment.Place]? {
        guard let place = filter.place else { return nil }
        guard filter.hasSubtree else { return [place] }
        return [place]
            + (try GrantQueries.subtree(of: ProjectID(place.id), db).map {
                Assignment.Place(target: .project, id: $0.id.text)
            })
    }

    private static func members(
        of grant: Assignment, _ user: UserID?, _ db: any Connection
    ) throws -> [Assignment] {
        switch grant.actor {
        case .user(let id): return user.map { $0 == id } ?? true ? [grant] : []
        case .group(let group):
            return try db.texts("SELECT user_id FROM group_members WHERE group_id = ?1 ORDER BY user_id", [.id(group)])
                .filter { id in user.map { $0.text == id } ?? true }.map { id in
                    var held = grant
                    held.actor = .user(UserID(id))
                    held.group = group
                    return held
                }
        }
    }

    private static func below(_ grant: Assignment, _ db: any Connection) throws -> [Assignment] {
        guard grant.isInherited else { return [grant] }
        let projects =
            switch grant.place.target {
            case .project: try GrantQueries.subtree(of: ProjectID(grant.place.id), db).map(\.id.text)
            case .domain:
                try db.texts("SELECT id FROM projects WHERE domain_id = ?1 ORDER BY name", [.text(grant.place.id)])
            case .system: [String]()
            }
        return projects.map { id in
            var placed = grant
            placed.source = grant.place
            placed.place = Assignment.Place(target: .project, id: id)
            return placed
        }
    }

    private static func expand(
        _ grant: Assignment, _ implied: [RoleID: [(prior: RoleID, implied: RoleID)]]
    ) -> [Assignment] {
        var found = [grant]
        var seen: Set = [grant.roleID]
        var at = 0
        while at < found.count {
            let prior = found[at].roleID
            for pair in implied[prior] ?? [] where seen.insert(pair.implied).inserted {
                var next = grant
                next.roleID = pair.implied
                next.prior = prior
                found.append(next)
            }
            at += 1
        }
        return found
    }
}

extension Assignment {
    fileprivate init(_ row: RoleAssignment) {
        self.init(
            actor: .user(row.userID), roleID: row.roleID, place: Place(target: row.target, id: row.targetID),
            isInherited: row.isInherited)
    }

    fileprivate init(_ row: GroupAssignment) {
        self.init(
            actor: .group(row.groupID), roleID: row.roleID, place: Place(target: row.target, id: row.targetID),
            isInherited: row.isInherited)
    }
}
