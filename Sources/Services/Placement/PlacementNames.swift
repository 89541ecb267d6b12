package import Model
import Store

/// Resource classes and traits: those that every Placement knows, those that hosts report, and those that clients make.
extension PlacementService {
    package func resourceClasses() async throws -> [String] {
        PlacementName.standardClasses
            + (try await database.read { try PlacementQueries.names(in: .resourceClasses, $0) })
    }

    package func resourceClass(_ name: String) async throws -> String {
        guard try await resourceClasses().contains(name) else { throw Self.noClass(name) }
        return name
    }

    static func noClass(_ name: String) -> CloudError {
        CloudError(.notFound, "No such resource class \(name.prefix(255)).")
    }

    /// Says whether the class is new.
    package func makeClass(_ name: String) async throws -> Bool {
        try await database.transaction { try PlacementQueries.add(name, to: .resourceClasses, $0) }
    }

    package func renameClass(_ old: String, to new: String) async throws {
        try await database.transaction { db in
            let custom = try PlacementQueries.names(in: .resourceClasses, db)
            guard custom.contains(old) else {
                guard PlacementName.standardClasses.contains(old) else { throw Self.noClass(old) }
                throw CloudError.badRequest("Cannot update standard resource class \(old)")
            }
            guard old != new else { return }
            guard !custom.contains(new) else { throw CloudError.conflict("Resource class already exists: \(new)") }
            try PlacementQueries.renameClass(old, to: new, db)
        }
    }

    package func deleteClass(_ name: String) async throws {
        guard !PlacementName.standardClasses.contains(name) else {
            throw CloudError.badRequest(
                "Error in delete resource class: Cannot delete standard resource class \(name).")
        }
        try await database.transaction { db in
            guard try !PlacementQueries.isClassInUse(name, db) else {
                throw CloudError.conflict(
                    "Error in delete resource class: Cannot delete resource class \(name). "
                        + "Class is in use in inventory.")
            }
            guard try PlacementQueries.remove(name, from: .resourceClasses, db) else { throw Self.noClass(name) }
        }
    }

    /// The traits that there are, in order of name; those that some provider has, or those that none has.
    package func traits(associated: Bool? = nil) async throws -> [String] {
        try await database.read { db in
            let made = Set(try PlacementQueries.names(in: .traits, db))
            let had = try PlacementQueries.traits(db).values.reduce(into: Set()) { $0.formUnion($1) }
            switch associated {
            case nil: return made.union(had).sorted()
            case true?: return had.sorted()
            case false?: return made.subtracting(had).sorted()
            }
        }
    }

    /// Says whether the trait is new.
    package func makeTrait(_ name: String) async throws -> Bool {
        try await database.transaction { db in
            let isHad = try PlacementQueries.isTraitInUse(name, db)
            return try PlacementQueries.add(name, to: .traits, db) && !isHad
        }
    }

    package func deleteTrait(_ name: String) async throws {
        try await database.transaction { db in
            let isHad = try PlacementQueries.isTraitInUse(name, db)
            guard PlacementName.isCustom(name) || !isHad else {
                throw CloudError.badRequest("Cannot delete standard trait \(name).")
            }
            guard !isHad else {
                throw CloudError.conflict("The trait \(name) is in use by a resource provider.")
            }
            guard try PlacementQueries.remove(name, from: .traits, db) else { throw Self.noTrait(name) }
        }
    }

    package static func noTrait(_ name: String) -> CloudError {
        CloudError(.notFound, "No such trait(s): \(name.prefix(255)).")
    }
}
