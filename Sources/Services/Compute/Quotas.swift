package import Model
import Store

extension ComputeService {
    /// Limits and use of a project, defaults included; `key_pairs` is counted by user and shown unused.
    package func quotas(of project: ProjectID) async throws -> [Quota] {
        let (rows, defaults) = try await database.read { db in
            (try QuotaQueries.all(of: project, db), try Self.limits(ofClass: QuotaQueries.defaultClass, db))
        }
        return defaults.map { name, limit in
            rows[name] ?? Quota(projectID: project, resource: name, limit: limit)
        }
    }

    /// What holds for a project that has no limits of its own.
    package func defaultQuotas(of project: ProjectID) async throws -> [Quota] {
        try await quotas(ofClass: QuotaQueries.defaultClass).map {
            Quota(projectID: project, resource: $0.resource, limit: $0.limit)
        }
    }

    /// The limits of a class, with Nova's defaults for what it does not say.
    package func quotas(ofClass name: String) async throws -> [(resource: String, limit: Int)] {
        try await database.read { try Self.limits(ofClass: name, $0) }
    }

    private static func limits(
        ofClass name: String, _ db: any Connection
    ) throws -> [(resource: String, limit: Int)] {
        let set = try QuotaQueries.limits(ofClass: name, db)
        return Quota.allComputeDefaults.map { ($0.resource, set[$0.resource] ?? $0.limit) }
    }

    package func setQuotas(_ limits: [String: Int], ofClass name: String) async throws {
        try await database.transaction { db in
            for (resource, limit) in limits { try QuotaQueries.setLimit(limit, of: resource, ofClass: name, db) }
        }
    }

    /// Sets limits; one below what is in use is refused unless forced.
    package func setQuotas(_ limits: [String: Int], of project: ProjectID, force: Bool) async throws {
        try await database.transaction { db in
            for (resource, limit) in limits {
                let used = try QuotaQueries.find(resource, of: project, db)?.used ?? 0
                if !force, limit >= 0, limit < used {
                    throw CloudError.badRequest(
                        "Quota limit \(limit) for \(resource) must be greater than or equal to already used \(used).")
                }
                try QuotaQueries.setLimit(limit, of: resource, for: project, db)
            }
        }
    }

    /// Back to the defaults.
    package func resetQuotas(of project: ProjectID) async throws {
        try await database.transaction { db in
            for (resource, limit) in try Self.limits(ofClass: QuotaQueries.defaultClass, db) {
                try QuotaQueries.reset(resource, of: project, to: limit, db)
            }
        }
    }
}
