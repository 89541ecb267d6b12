package import Attributes
package import Model
package import Store
package import Wire

/// Neutron's verbs. Every change names what hosts have of it, and the hosts concerned are told to ask.
package struct NetworkingService: Sendable {
    package let database: any Database
    package let clock: any CloudClock
    private let changed: @Sendable (NetworkChange) -> Void

    /// `changed` is called after each commit, with what it changes of what hosts have.
    package init(
        database: any Database, clock: any CloudClock, changed: @escaping @Sendable (NetworkChange) -> Void
    ) {
        self.database = database
        self.clock = clock
        self.changed = changed
    }

    @discardableResult
    func change<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection, _ touch: inout NetworkChange) throws -> Result
    ) async throws -> Result {
        let (result, change) = try await database.transaction { db in
            var change = NetworkChange()
            let result = try body(db, &change)
            try change.write(db)
            return (result, change)
        }
        changed(change)
        return result
    }

    /// To be called after a commit that a caller's own transaction has made.
    package func tell(_ change: NetworkChange) { changed(change) }

    /// The project whose rows a caller sees; `nil` for all.
    func horizon(_ caller: Caller) throws -> ProjectID? {
        caller.isAdmin ? nil : try caller.project()
    }

    /// A row that the caller sees, if only as its table shows it; others do not exist for it.
    func seen<Kept: OwnedRecord>(
        _ type: Kept.Type, _ id: some CustomStringConvertible, _ caller: Caller, _ db: any Connection
    ) throws -> Kept {
        guard let found = try db.find(type, key: .text("\(id)")) else { throw Kept.notFound(id) }
        if caller.owns(found.projectID) { return found }
        let viewer = Viewer(project: try horizon(caller), isAdmin: caller.isAdmin)
        guard try Kept.attributes.shows("\(id)", to: viewer, db) else { throw Kept.notFound(id) }
        return found
    }

    /// A row of the caller's own, to change. One that it only sees is refused.
    func own<Kept: OwnedRecord>(
        _ type: Kept.Type, _ id: some CustomStringConvertible, _ caller: Caller, _ db: any Connection
    ) throws -> Kept {
        let found = try seen(type, id, caller, db)
        guard caller.owns(found.projectID) else { throw Self.notYours(type, id) }
        return found
    }

    static func notYours<Kept: OwnedRecord>(_ type: Kept.Type, _ id: some CustomStringConvertible) -> CloudError {
        let noun = Kept.attributes.singular
        return CloudError(
            .forbidden, "The \(noun) \(id) is disallowed by policy: it is another project's.",
            type: "PolicyNotAuthorized")
    }

    /// One row that the caller sees.
    package func record<Kept: OwnedRecord>(
        _ type: Kept.Type, _ id: some CustomStringConvertible & Sendable, by caller: Caller
    ) async throws -> Kept {
        try await database.read { try seen(type, id, caller, $0) }
    }

    /// Rows of the caller's projects, oldest first.
    package func records<Kept: NetworkRecord>(_ type: Kept.Type, by caller: Caller) async throws -> [Kept] {
        let project = try horizon(caller)
        return try await database.read { db in
            guard let project else { return try db.fetch(type, "ORDER BY created_at, id") }
            return try db.fetch(type, "WHERE project_id = ?1 ORDER BY created_at, id", [.id(project)])
        }
    }

    /// Rows as their table of attributes shows them, written into an answer.
    package func list<Draft, Answer: Sendable>(
        _ table: AttributeTable<Draft>, _ query: ListQuery, for viewer: Viewer,
        _ answer: @escaping @Sendable (_ rows: (inout JSONWriter) throws -> Listing) throws -> Answer
    ) async throws -> Answer {
        try await database.read { db in try answer { try table.list(query, for: viewer, into: &$0, db) } }
    }

    package func show<Draft>(
        _ table: AttributeTable<Draft>, _ id: String, _ names: [String], for viewer: Viewer
    ) async throws -> [UInt8] {
        guard let found = try await database.read({ try table.show(id, names, for: viewer, $0) }) else {
            throw table.notFound(id)
        }
        return found
    }

    static func take(_ resource: String, for project: ProjectID, _ db: any Connection) throws {
        let limit = Quota.networkDefaults.first { $0.resource == resource }?.limit ?? Quota.unlimited
        if let full = try QuotaQueries.take(1, of: resource, for: project, defaultLimit: limit, db) {
            throw CloudError(
                .overQuota, "Quota exceeded for resources: ['\(resource)']: \(full.used) of \(full.limit) are in use.")
        }
    }

    static func giveBack(_ resource: String, for project: ProjectID, _ db: any Connection) throws {
        try QuotaQueries.giveBack(1, of: resource, for: project, db)
    }

    /// Limits and use of a project, defaults included.
    package func quotas(of project: ProjectID) async throws -> [Quota] {
        let rows = try await database.read { try QuotaQueries.all(of: project, $0) }
        return Quota.networkDefaults.map { name, limit in
            rows[name] ?? Quota(projectID: project, resource: name, limit: limit)
        }
    }

    /// The projects whose limits an administrator has set.
    package func limitedProjects() async throws -> [ProjectID] {
        let usual = Dictionary(uniqueKeysWithValues: Quota.networkDefaults.map { ($0.resource, $0.limit) })
        let rows = try await database.read { try $0.fetch(Quota.self, "ORDER BY project_id, resource") }
        var seen: Set<ProjectID> = []
        return rows.filter { quota in usual[quota.resource].map { $0 != quota.limit } ?? false }
            .map(\.projectID).filter { seen.insert($0).inserted }
    }

    package func setQuotas(_ limits: [String: Int], of project: ProjectID) async throws {
        try await database.transaction { db in
            for (resource, limit) in limits { try QuotaQueries.setLimit(limit, of: resource, for: project, db) }
        }
    }
}
