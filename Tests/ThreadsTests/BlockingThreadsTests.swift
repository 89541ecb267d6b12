import Foundation
import Synchronization
import Testing
import Threads

@Suite(.timeLimit(.minutes(1)))
struct BlockingThreadsTests {
    @Test func resultsAndErrorsComeBack() async throws {
        struct Refused: Error {}
        let threads = BlockingThreads(count: 2, name: "test")
        #expect(try await threads.run { 7 } == 7)
        await #expect(throws: Refused.self) { try await threads.run { throw Refused() } }
    }

    @Test func oneThreadWorksInOrder() async throws {
        let threads = BlockingThreads(count: 1, name: "test")
        let order = Mutex<[Int]>([])
        for number in 0..<2_000 { threads.start { order.withLock { $0.append(number) } } }
        try await threads.run {}
        #expect(order.withLock { $0 } == Array(0..<2_000))
    }

    private final class Spin: Sendable {
        let running = Atomic(0)
        let isOver = Atomic(false)
    }

    /// As many as there are cores compute without an end until a task lets them go.
    @Test func tasksGoOnWhileAllThreadsCompute() async throws {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let threads = BlockingThreads(count: cores, name: "test")
        let spin = Spin()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<cores {
                group.addTask {
                    try await threads.run {
                        spin.running.add(1, ordering: .relaxed)
                        while !spin.isOver.load(ordering: .relaxed) {}
                    }
                }
            }
            while spin.running.load(ordering: .relaxed) < cores { await Task.yield() }
            for number in 0..<100 { #expect(await Task { number }.value == number) }
            spin.isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
    }
}
