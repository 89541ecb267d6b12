import Foundation

/// Threads for calls that wait on a disk, so that the few threads of Swift's own pool never do.
struct BlockingIO: Sendable {
    private let queue: OperationQueue

    init(threads: Int = 8) {
        queue = OperationQueue()
        queue.name = "novella.storage"
        queue.maxConcurrentOperationCount = threads
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.addOperation { continuation.resume(with: Result(catching: body)) }
        }
    }
}
