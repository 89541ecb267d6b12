package import Model
import Store

extension ComputeService {
    /// Limits and use of a project, defaults included; `key_pairs` is counted by user and shown unused.
    package func quotas(of project: ProjectID) async throws -> [Quota] {
        let rows = try await database.read { try QuotaQueries.all(of: project, $0) }
        return Quota.allComputeDefaults.map { name, limit in
            rows[name] ?? Quota(projectID: project, resource: name, limit: limit)
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
        let defaults = Quota.allComputeDefaults
        try await database.transaction { db in
            for (resource, limit) in defaults { try QuotaQueries.setLimit(limit, of: resource, for: project, db) }
        }
    }
}
