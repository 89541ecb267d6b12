package import HostProtocol
package import Model
import Synchronization

/// Hands each power change to every stream that was asked for and is still read.
///
/// A reader that lags loses the oldest events, never the newest; it then asks `power(of:)`.
package final class PowerEventHub: Sendable {
    private struct State {
        var readers: [Int: AsyncStream<PowerEvent>.Continuation] = [:]
        var nextReader = 0
    }

    private let state = Mutex(State())
    private let bufferSize: Int

    package init(bufferSize: Int = 65_536) {
        self.bufferSize = bufferSize
    }

    package func stream() -> AsyncStream<PowerEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: PowerEvent.self, bufferingPolicy: .bufferingNewest(bufferSize))
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

    package func send(_ server: ServerID, _ power: ServerObservation.Power) {
        let readers = state.withLock { Array($0.readers.values) }
        for reader in readers { reader.yield(PowerEvent(serverID: server, power: power)) }
    }

    /// Ends every stream, so that readers leave their loops.
    package func finish() {
        let readers = state.withLock { state in
            defer { state.readers = [:] }
            return Array(state.readers.values)
        }
        for reader in readers { reader.finish() }
    }
}
