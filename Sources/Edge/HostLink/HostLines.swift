import Foundation
import HostProtocol
import Model
import Synchronization

/// The lines that are open to hosts of other processes, and the questions that wait for an answer on them.
final class HostLines: Sendable {
    typealias Line = AsyncStream<LineMessage>

    private struct Question {
        var host: HostID
        var answer: AsyncThrowingStream<[UInt8], any Error>.Continuation
    }

    private struct OpenConsole {
        var host: HostID
        var client: ConsoleEnd
        /// Says that the host has begun; its end is the console's.
        var news: AsyncThrowingStream<Void, any Error>.Continuation
    }

    private struct State {
        /// Each with a number of its own.
        var lines: [HostID: (number: Int, send: Line.Continuation)] = [:]
        var opened = 0
        var questions: [String: Question] = [:]
        var consoles: [String: OpenConsole] = [:]
    }

    private static let silence = CloudError(
        .unavailable, "The server's host does not answer; try again when it is back.")

    private let state = Mutex(State())
    private let patience: Duration

    /// - Parameter patience: how long a host may take to answer a question.
    init(patience: Duration = .seconds(10)) {
        self.patience = patience
    }

    /// A line to a host; it takes the place of an older one. Its number is for `close`.
    func open(_ host: HostID) -> (number: Int, messages: Line, send: Line.Continuation) {
        // When the agent does not read, what comes last is dropped, and whoever sent it is told.
        let (messages, send) = Line.makeStream(bufferingPolicy: .bufferingOldest(256))
        let (number, old) = state.withLock { state in
            state.opened += 1
            defer { state.lines[host] = (state.opened, send) }
            return (state.opened, state.lines[host]?.send)
        }
        old?.finish()
        return (number, messages, send)
    }

    /// The line has ended: what was asked on it is not answered any more.
    func close(_ host: HostID, number: Int) {
        let unanswered = state.withLock { state -> [Question] in
            guard state.lines[host]?.number == number else { return [] }
            state.lines[host] = nil
            return state.questions.values.filter { $0.host == host }
        }
        for question in unanswered { question.answer.finish(throwing: Self.silence) }
    }

    func consoleOutput(_ host: HostID, _ server: ServerID, maxBytes: Int) async throws -> [UInt8] {
        try await ask(host) { .console(ConsoleQuestion(id: $0, server: server, maxBytes: maxBytes)) }
    }

    func diagnostics(_ host: HostID, _ server: ServerID) async throws -> GuestDiagnostics {
        let answer = try await ask(host) { .diagnostics(DiagnosticsQuestion(id: $0, server: server)) }
        return try JSONDecoder().decode(GuestDiagnostics.self, from: Data(answer))
    }

    private func ask(_ host: HostID, _ message: (_ id: String) -> LineMessage) async throws -> [UInt8] {
        let id = UUIDText.random()
        let (answers, answer) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        let line = state.withLock { state in
            state.questions[id] = Question(host: host, answer: answer)
            return state.lines[host]?.send
        }
        defer { _ = state.withLock { $0.questions.removeValue(forKey: id) } }
        guard let line, case .enqueued = line.yield(message(id)) else { throw Self.silence }
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { [patience] group in
            group.addTask { try await answers.first { _ in true } }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let output = first else { throw Self.silence }
            return output
        }
    }

    /// An answer that nobody waits for any more is left aside, and so is one of a host that was not asked. To the call
    /// for a console only a failure is an answer.
    func answered(_ question: String, by host: HostID, _ answer: ConsoleAnswer) {
        if let failure = answer.failure { end(console: question, by: host, failure.error) }
        let waiting = state.withLock { state in
            state.questions[question]?.host == host ? state.questions.removeValue(forKey: question)?.answer : nil
        }
        if let failure = answer.failure {
            waiting?.finish(throwing: failure.error)
        } else {
            waiting?.yield(Array(answer.output ?? Data()))
            waiting?.finish()
        }
    }
}

/// Consoles that are carried by requests of a host.
extension HostLines {
    func carryConsole(_ kind: ConsoleKind, _ host: HostID, _ server: ServerID, _ client: ConsoleEnd) async throws {
        let call = ConsoleCall(id: UUIDText.random(), server: server, kind: kind)
        let (events, news) = AsyncThrowingStream.makeStream(of: Void.self)
        let line = state.withLock { state in
            state.consoles[call.id] = OpenConsole(host: host, client: client, news: news)
            return state.lines[host]?.send
        }
        defer { _ = state.withLock { $0.consoles.removeValue(forKey: call.id) } }
        guard let line, case .enqueued = line.yield(.openConsole(call)) else { throw Self.silence }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [patience] in
                try await Task.sleep(for: patience)
                news.finish(throwing: Self.silence)
            }
            for try await _ in events { group.cancelAll() }
            group.cancelAll()
        }
    }

    /// The client of a call to this host; any other call is not there.
    func client(ofConsole id: String, on host: HostID) throws -> ConsoleEnd {
        guard let console = state.withLock({ $0.consoles[id] }), console.host == host else {
            throw CloudError.notFound("Console", id)
        }
        return console.client
    }

    /// The host brings what the guest says.
    func begun(console id: String) {
        _ = state.withLock { $0.consoles[id]?.news.yield() }
    }

    func end(console id: String, by host: HostID, _ failure: (any Error)? = nil) {
        let console = state.withLock { $0.consoles[id] }
        if let console, console.host == host { console.news.finish(throwing: failure) }
    }
}
