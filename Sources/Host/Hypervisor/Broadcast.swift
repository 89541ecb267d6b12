import Synchronization

/// Hands each value to every stream that was asked for and is still read.
///
/// A reader that lags loses the oldest values, never the newest; what it missed it must ask for.
package final class Broadcast<Element: Sendable>: Sendable {
    private struct State {
        var readers: [Int: AsyncStream<Element>.Continuation] = [:]
        var nextReader = 0
    }

    private let state = Mutex(State())
    private let bufferSize: Int

    package init(bufferSize: Int = 65_536) {
        self.bufferSize = bufferSize
    }

    package func stream() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Element.self, bufferingPolicy: .bufferingNewest(bufferSize))
        let reader = state.withLock { state in
            state.nextReader += 1
            state.readers[state.nextReader] = continuation
            return state.nextReader
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.readers[reader] = nil }
        }
        return stream
    }

    package func send(_ value: Element) {
        let readers = state.withLock { Array($0.readers.values) }
        for reader in readers { reader.yield(value) }
    }

    deinit {
        for reader in state.withLock({ Array($0.readers.values) }) { reader.finish() }
    }
}
