import Model
import Store
import Testing
import TestSupport

@Suite struct OutboxTests {
    /// Whoever clears up to a number it has read leaves what was written since.
    @Test(arguments: StoreKind.here) func numbersNeverComeAgain(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        func write(_ devices: [String]) async throws -> [Int64] {
            try await store.transaction { db in
                for device in devices { try NetworkOutboxQueries.tell(device: device, db) }
                return try NetworkOutboxQueries.read(limit: 10, db).map(\.sequence)
            }
        }
        let first = try await write(["a", "b", "b"])
        let read = try #require(first.last)
        #expect(Set(first).count == 3)
        try await store.transaction { try NetworkOutboxQueries.clear(through: read, $0) }
        let second = try await write(["c"])
        try await store.transaction { try NetworkOutboxQueries.clear(through: read, $0) }
        let left = try await store.read { try NetworkOutboxQueries.read(limit: 10, $0) }
        #expect(left.map(\.device) == ["c"] && second.allSatisfy { $0 > read })
    }
}
