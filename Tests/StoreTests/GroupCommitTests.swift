import Dispatch
import Model
import Store
import Synchronization
import Testing
import TestSupport

/// Transactions that meet: in one commit where there is one writer, which is held until all of them wait for it, else
/// beside one another.
@Suite(.timeLimit(.minutes(3))) struct GroupCommitTests {
    private struct Refusal: Error, Equatable {
        var number: Int
    }

    private enum Answer: Equatable {
        case committed, refused(Int)
        case store(StoreError.Kind)
    }

    private static func region(_ number: Int) -> Region { Region(id: "r\(number)") }

    /// Runs `body` for each number at once; the answers by number.
    private func together(
        _ count: Int, in database: ScratchStore, _ body: @escaping @Sendable (Int, any Connection) throws -> Void
    ) async throws -> [Answer] {
        let arrived = DispatchSemaphore(value: 0)
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        return try await withThrowingTaskGroup(of: (Int, Answer)?.self) { group in
            // Alone in its group, so that it runs once.
            group.addTask {
                try await database.transaction { _ in
                    begins.finish()
                    for _ in 0..<count { #expect(arrived.wait(timeout: .now() + 60) == .success) }
                }
                return nil
            }
            for await _ in begun {}
            for number in 0..<count {
                group.addTask {
                    arrived.signal()
                    do {
                        try await database.transaction { try body(number, $0) }
                        return (number, .committed)
                    } catch let refusal as Refusal {
                        return (number, .refused(refusal.number))
                    } catch let error as StoreError {
                        return (number, .store(error.kind))
                    }
                }
            }
            var answers = [Answer?](repeating: nil, count: count)
            for try await found in group { if let found { answers[found.0] = found.1 } }
            return answers.compactMap { $0 }
        }
    }

    /// What another set of connections finds.
    private func durableRegions(_ store: ScratchStore) async throws -> Set<String> {
        Set(try await store.readAfresh { try $0.fetch(Region.self).map(\.id) })
    }

    @Test(arguments: StoreKind.here) func aMemberThatThrowsLosesItsOwnWritesOnly(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let answers = try await together(60, in: store) { number, db in
            try db.insert(Self.region(number))
            if number % 3 == 0 { throw Refusal(number: number) }
        }
        #expect(answers == (0..<60).map { $0 % 3 == 0 ? .refused($0) : .committed })
        #expect(try await durableRegions(store) == Set((0..<60).filter { $0 % 3 != 0 }.map { "r\($0)" }))
    }

    @Test(arguments: StoreKind.here) func aMemberThatBreaksAConstraintLosesItsOwnWritesOnly(kind: StoreKind)
        async throws
    {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { try $0.insert(Region(id: "taken")) }
        let answers = try await together(30, in: store) { number, db in
            try db.insert(Self.region(number))
            if number % 5 == 0 { try db.insert(Region(id: "taken")) }
        }
        #expect(answers == (0..<30).map { $0 % 5 == 0 ? .store(.uniqueViolation) : .committed })
        #expect(try await durableRegions(store) == Set((0..<30).filter { $0 % 5 != 0 }.map { "r\($0)" } + ["taken"]))
    }

    @Test(arguments: StoreKind.here) func aViolationFoundAtCommitHarmsItsOwnMemberOnly(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        try await store.transaction { db in
            for sample in try Samples.all(full: true) { try db.insert(sample) }
        }
        let runs = Mutex(0)
        let answers = try await together(30, in: store) { number, db in
            runs.withLock { $0 += 1 }
            try db.insert(Self.region(number))
            let port = PortID(number == 13 ? "none" : "port1")
            let address = IPAddress(version: 4, number: UInt128(number))
            #expect(try SubnetQueries.take(address, in: SubnetID("s1"), for: port, db))
        }
        #expect(answers == (0..<30).map { $0 == 13 ? .store(.foreignKeyViolation) : .committed })
        #expect(try await durableRegions(store) == Set((0..<30).filter { $0 != 13 }.map { "r\($0)" } + ["here"]))
        #expect(try await store.read { try SubnetQueries.allocationCount(in: SubnetID("s1"), $0) } == 29)
        // Members of a failed shared commit ran again, each alone.
        if kind == .sqlite { #expect(runs.withLock { $0 } > 30) }
    }

    @Test(arguments: StoreKind.here) func membersSeeWhatEarlierOnesWrote(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let answers = try await together(100, in: store) { _, db in
            let next = try ChangeFeedQueries.bump(.network, db)
            try db.insert(Region(id: "n\(next)"))
        }
        #expect(answers == [Answer](repeating: .committed, count: 100))
        #expect(try await durableRegions(store) == Set((1...100).map { "n\($0)" }))
    }

    @Test(arguments: StoreKind.here) func readersSeeNothingOfAMemberThatFailed(kind: StoreKind) async throws {
        let store = try await ScratchStore(on: kind)
        let seen = try await together(2, in: store) { number, db in
            try db.insert(Self.region(number))
            throw Refusal(number: number)
        }
        #expect(seen == [.refused(0), .refused(1)])
        #expect(try await store.read { try $0.fetch(Region.self) }.isEmpty)
    }
}
