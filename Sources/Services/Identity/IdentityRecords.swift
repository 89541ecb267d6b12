package import Attributes
package import Model
package import Store
package import Wire

/// A record with options, of which `immutable` keeps it from being changed.
protocol OptionedRecord: IdentityRecord {
    var options: String { get }
}

extension Domain: OptionedRecord {}
extension Project: OptionedRecord {}
extension User: OptionedRecord {}
extension Role: OptionedRecord {}

/// What is done with every kind of record.
extension IdentityService {
    /// Rows as their table of attributes shows them, written into an answer.
    package func list<Draft, Answer: Sendable>(
        _ table: AttributeTable<Draft>, _ query: ListQuery, for viewer: Viewer,
        _ answer: @escaping @Sendable (_ rows: (inout JSONWriter) throws -> Listing) throws -> Answer
    ) async throws -> Answer {
        try await database.read { db in try answer { try table.list(query, for: viewer, into: &$0, db) } }
    }

    package func show<Draft>(_ table: AttributeTable<Draft>, _ id: String, for viewer: Viewer) async throws -> [UInt8] {
        guard !id.isEmpty, let row = try await database.read({ try table.show(id, for: viewer, $0) }) else {
            throw table.notFound(id)
        }
        return row
    }

    package func find<Kept: IdentityRecord>(_ type: Kept.Type, _ id: String, noun: String) async throws -> Kept {
        guard let found = try await database.read({ try $0.find(type, key: .text(id)) }) else {
            throw Self.notFound(noun, id)
        }
        return found
    }

    package func list<Kept: IdentityRecord>(_ type: Kept.Type) async throws -> [Kept] {
        try await database.read { try $0.fetch(type, "ORDER BY \(Kept.order)") }
    }

    /// Inserts a record; a second of the same name is a conflict.
    package func create<Kept: IdentityRecord>(_ record: Kept, noun: String) async throws {
        try await naming(noun) { [self] in try await change { try $0.insert(record) } }
    }

    /// Makes a record of what a client wishes; `check` looks at it in the same transaction.
    package func create<Kept: IdentityRecord>(
        _ draft: Kept, _ wishes: Wishes<Kept>, noun: String,
        _ check: @escaping @Sendable (inout Kept, any Connection) throws -> Void = { _, _ in }
    ) async throws {
        try await naming(noun) { [self] in
            try await change { db in
                var record = draft
                try wishes.apply(to: &record)
                try check(&record, db)
                try db.insert(record)
            }
        }
    }

    /// Changes a record as a client wishes; `check` compares what it was with what it will be.
    package func update<Kept: IdentityRecord>(
        _ type: Kept.Type, _ id: String, _ wishes: Wishes<Kept>, noun: String,
        _ check: @escaping @Sendable (Kept, inout Kept, any Connection) throws -> Void = { _, _, _ in }
    ) async throws {
        try await naming(noun) { [self] in
            try await change { db in
                guard let old = try db.find(type, key: .text(id)) else { throw Self.notFound(noun, id) }
                try Self.refuseChange(of: old, wishes, noun, id)
                var new = old
                try wishes.apply(to: &new)
                try check(old, &new, db)
                try db.update(new)
            }
        }
    }

    /// An immutable record takes only the change that ends that, and nothing beside it.
    private static func refuseChange<Kept: IdentityRecord>(
        of record: Kept, _ wishes: Wishes<Kept>, _ noun: String, _ id: String
    ) throws {
        guard let record = record as? any OptionedRecord, try KeptObject.flag("immutable", in: record.options) else {
            return
        }
        let wanted = wishes["options"]?["immutable"]
        guard wishes.names == ["options"], wanted == .null || wanted == false else {
            throw immutable("update", noun, id)
        }
    }

    static func immutable(_ verb: String, _ noun: String, _ id: String) -> CloudError {
        CloudError(
            .forbidden,
            "Unable to \(verb) immutable \(noun) resource: `\(id)`. Set resource option \"immutable\" to false first.")
    }

    package func remove<Kept: IdentityRecord>(_ type: Kept.Type, _ id: String, noun: String) async throws {
        try await change { db in
            guard let found = try db.find(type, key: .text(id)) else { throw Self.notFound(noun, id) }
            if let optioned = found as? any OptionedRecord, try KeptObject.flag("immutable", in: optioned.options) {
                throw Self.immutable("delete", noun, id)
            }
            try db.delete(type, key: .text(id))
        }
    }

    static func notFound(_ noun: String, _ id: String) -> CloudError {
        CloudError(.notFound, "Could not find \(noun.lowercased()): \(id.prefix(80)).")
    }

    func naming<Result>(_ noun: String, _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as StoreError where error.kind == .uniqueViolation {
            throw CloudError(
                .conflict,
                "Conflict occurred attempting to store \(noun) - there is one of that name, or with that ID.",
                cause: error)
        } catch let error as StoreError where error.kind == .foreignKeyViolation {
            throw CloudError(.badRequest, "The \(noun) refers to something that does not exist.", cause: error)
        }
    }
}
