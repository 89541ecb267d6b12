import Model
import Testing

@testable import Identity

/// Whoever asks much waits behind itself.
@Suite(.timeLimit(.minutes(2)))
struct PasswordQueueTests {
    private func order(_ queue: PasswordQueue<String>) -> [String] {
        var queue = queue
        var found: [String] = []
        while let next = queue.next() { found.append(next) }
        return found
    }

    @Test func sourcesAndTheirNamesTakeTurns() {
        var queue = PasswordQueue<String>()
        for (work, source, name) in [
            ("a1", "a", "root"), ("a2", "a", "root"), ("a3", "a", "bob"), ("a4", "a", "root"), ("b1", "b", "root"),
            ("c1", "c", "eve"), ("b2", "b", "root"),
        ] {
            #expect(queue.add(work, PasswordTurn(source: source, name: name)).number != nil)
        }
        #expect(order(queue) == ["a1", "b1", "c1", "a3", "b2", "a2", "a4"])
    }

    @Test func aSourceHasItsShareAndNoMore() {
        var queue = PasswordQueue<Int>()
        for number in 0..<PasswordQueue<Int>.sourceLimit {
            #expect(queue.add(number, PasswordTurn(source: "flood", name: "user \(number)")).number != nil)
        }
        #expect(queue.add(-1, PasswordTurn(source: "flood", name: "another")).number == nil)
        #expect(queue.add(-2, PasswordTurn(source: "other", name: "admin")).number != nil)
        #expect(queue.next() == 0)
        #expect(queue.next() == -2)
    }

    @Test func aFullQueueMakesRoomForWhoAsksLess() {
        var queue = PasswordQueue<String>()
        let each = PasswordQueue<String>.sourceLimit
        let sources = PasswordQueue<String>.limit / each
        for source in 0..<sources {
            for number in 0..<each {
                _ = queue.add("\(source).\(number)", PasswordTurn(source: "\(source)", name: "\(number)"))
            }
        }
        #expect(queue.count == PasswordQueue<String>.limit)
        let (number, displaced) = queue.add("newcomer", PasswordTurn(source: "new", name: "admin"))
        #expect(number != nil)
        #expect(displaced?.hasSuffix(".\(each - 1)") == true)
        #expect(queue.count == PasswordQueue<String>.limit)
        // Whoever has as much as the others takes nobody's place.
        var taken = 1
        while queue.add("more", PasswordTurn(source: "new", name: "admin")).number != nil { taken += 1 }
        #expect(taken == PasswordQueue<String>.limit / (sources + 1))
    }

    @Test func whatIsTakenOutLeavesTheOthers() throws {
        var queue = PasswordQueue<String>()
        let numbers = ["x", "y", "z"].map { queue.add($0, PasswordTurn(source: "s", name: "n")).number }
        let second = try #require(numbers[1])
        #expect(queue.remove(second) == "y")
        #expect(queue.remove(second) == nil)
        #expect(order(queue) == ["x", "z"])
    }

    /// scrypt with a cost that keeps both threads busy for as long as the test looks.
    @Test func aProvedPasswordDoesNotWaitAndACrowdIsRefused() async throws {
        let passwords = Passwords(cost: .init(rounds: 1 << 4))
        let turn = PasswordTurn(source: "flood", name: "admin")
        let stored = try await passwords.hash("right", turn)
        #expect(try await passwords.verify("right", against: stored, turn))
        let dear = "scrypt$\(1 << 16)$AAAAAAAAAAAAAAAAAAAAAA==$AAAA"
        try await withThrowingTaskGroup(of: CloudError.Kind?.self) { flood in
            for number in 0..<PasswordQueue<Int>.sourceLimit + 8 {
                flood.addTask {
                    do {
                        let turn = PasswordTurn(source: "flood", name: "\(number)")
                        _ = try await passwords.verify("\(number)", against: dear, turn)
                        return nil
                    } catch {
                        return (error as? CloudError)?.kind
                    }
                }
            }
            while let kind = try await flood.next(), kind != .unavailable {}
            #expect(try await passwords.verify("right", against: stored, turn))
            flood.cancelAll()
            #expect(try await passwords.verify("wrong", against: stored, turn) == false)
        }
    }
}
