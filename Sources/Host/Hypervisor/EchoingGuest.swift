import HostProtocol
import Model
import Synchronization

/// The guest's end of a simulated console, which says what it is told. Before that its screen opens as QEMU's does
/// (RFC 6143, 7.1 to 7.3).
final class EchoingGuest: Sendable {
    /// What it has not said yet; bytes beyond are lost, as on a serial line that nobody reads.
    private static let pieceLimit = 256

    /// How many bytes it waits for, and what it answers them; from then on it echoes.
    private static let opening: [(count: Int, answer: [UInt8])] = [
        (12, [1, 1]), (1, [0, 0, 0, 0]), (1, size + pixels + [0, 0, 0, UInt8(name.count)] + name),
    ]
    /// 640 to 400.
    private static let size: [UInt8] = [2, 128, 1, 144]
    /// Of 32 bits, 24 of them colours of 8.
    private static let pixels: [UInt8] = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]
    private static let name = Array("simulated".utf8)

    private struct State {
        var step: Int
        var heard: [UInt8] = []
    }

    let said: AsyncStream<[UInt8]>
    private let say: AsyncStream<[UInt8]>.Continuation
    private let state: Mutex<State>

    init(_ kind: ConsoleKind) {
        (said, say) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.pieceLimit))
        state = Mutex(State(step: kind == .vnc ? 0 : Self.opening.count))
        if kind == .vnc { say.yield(Array("RFB 003.008\n".utf8)) }
    }

    func hear(_ bytes: [UInt8]) {
        let answers = state.withLock { state -> [[UInt8]] in
            state.heard += bytes
            var answers: [[UInt8]] = []
            while state.step < Self.opening.count, state.heard.count >= Self.opening[state.step].count {
                state.heard.removeFirst(Self.opening[state.step].count)
                answers.append(Self.opening[state.step].answer)
                state.step += 1
            }
            guard state.step == Self.opening.count else { return answers }
            defer { state.heard = [] }
            return answers + (state.heard.isEmpty ? [] : [state.heard])
        }
        for answer in answers { say.yield(answer) }
    }

    func end() {
        say.finish()
    }
}
