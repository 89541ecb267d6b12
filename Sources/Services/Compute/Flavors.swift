package import Model
import Store

extension ComputeService {
    /// Public flavors and those the project was given; an administrator may ask for all, or for private ones.
    package func flavors(isPublic: Bool?, by caller: Caller) async throws -> [Flavor] {
        let project: ProjectID? = if case .project(let id) = caller.scope { id } else { nil }
        return try await database.read { db in
            let all = try db.fetch(Flavor.self, "ORDER BY id")
            if caller.isAdmin { return all.filter { isPublic == nil || $0.isPublic == isPublic } }
            let given = Set(try project.map { try FlavorQueries.given(to: $0, db) } ?? [])
            return all.filter { $0.isPublic || given.contains($0.id) }
        }
    }

    package func flavor(_ id: FlavorID, by caller: Caller) async throws -> Flavor {
        try await database.read { try flavor(id, by: caller, $0) }
    }

    func flavor(_ id: FlavorID, by caller: Caller, _ db: any Connection) throws -> Flavor {
        let project: ProjectID? = if case .project(let id) = caller.scope { id } else { nil }
        if let found = try db.find(Flavor.self, key: .id(id)) {
            if found.isPublic || caller.isAdmin { return found }
            if let project, try FlavorQueries.given(to: project, db).contains(id) { return found }
        }
        throw CloudError(.notFound, "Flavor \(id) could not be found.")
    }

    package func create(_ flavor: Flavor) async throws -> Flavor {
        do {
            try await database.transaction { try $0.insert(flavor) }
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(
                .conflict, "Flavor with name \(flavor.name) or ID \(flavor.id) already exists.", cause: error)
        }
        return flavor
    }

    package func deleteFlavor(_ id: FlavorID) async throws {
        let found = try await database.transaction { try $0.delete(Flavor.self, key: .id(id)) }
        if !found { throw CloudError(.notFound, "Flavor \(id) could not be found.") }
    }

    /// Changes one flavor in place; servers keep the copy they were made with.
    package func changeFlavor(
        _ id: FlavorID, _ change: @escaping @Sendable (inout Flavor) throws -> Void
    ) async throws -> Flavor {
        try await database.transaction { db in
            guard var flavor = try db.find(Flavor.self, key: .id(id)) else {
                throw CloudError(.notFound, "Flavor \(id) could not be found.")
            }
            try change(&flavor)
            try db.update(flavor)
            return flavor
        }
    }

    package func flavorAccess(_ id: FlavorID) async throws -> [ProjectID] {
        try await database.read { try FlavorQueries.projects(with: id, $0) }
    }

    package func giveFlavor(_ id: FlavorID, to project: ProjectID) async throws {
        let added = try await database.transaction { try FlavorQueries.give(id, to: project, $0) }
        if !added {
            throw CloudError(
                .conflict, "Flavor access already exists for flavor \(id) and project \(project) combination.")
        }
    }

    package func takeFlavor(_ id: FlavorID, from project: ProjectID) async throws {
        let removed = try await database.transaction { try FlavorQueries.take(id, from: project, $0) }
        if !removed {
            throw CloudError(.notFound, "Flavor access not found for \(id) / \(project) combination.")
        }
    }
}
