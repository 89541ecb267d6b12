import HostProtocol
import NIOCore
import NIOHTTP1
import Synchronization

/// The connections of one client to a socket. A connection whose answer is whole rests here until the next call.
final class LinkConnections: Sendable {
    private struct State {
        var resting: [LinkConnection] = []
        var open: [ObjectIdentifier: LinkConnection] = [:]
        var isShutDown = false
    }

    /// How many may rest.
    private static let restLimit = 16
    private static let pause = TimeAmount.milliseconds(100)

    private let socketPath: String
    private let patience: TimeAmount
    private let state = Mutex(State())

    init(socketPath: String, patience: TimeAmount) {
        self.socketPath = socketPath
        self.patience = patience
    }

    var count: Int { state.withLock { $0.open.count } }
    private var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// The head of the answer has come when this returns. A socket that is not there yet is tried until the deadline.
    ///
    /// - Parameter silence: how long its body may pause; as long as a call may take where nothing is said.
    func answer(
        to request: LinkRequest, by deadline: NIODeadline, silence: TimeAmount? = nil
    ) async throws -> LinkAnswer {
        if let rested = takeResting() {
            do {
                return try await ask(rested, request, by: deadline, silence)
            } catch is LinkConnectionEnded {
                // The connection ended while it rested, or with its process. Each call may be repeated.
                try Task.checkCancellation()
            }
        }
        return try await ask(try await connect(by: deadline), request, by: deadline, silence)
    }

    /// A POST whose body is to be written, on a connection of its own, which the caller closes.
    func begin(_ path: String, by deadline: NIODeadline) async throws -> LinkConnection {
        let connection = try await connect(by: deadline)
        connection.begin(path)
        return connection
    }

    /// Sends a body piece by piece, each when the kernel has the one before it, on a connection of its own. An answer
    /// that comes meanwhile ends the sending.
    func upload(
        to path: String, by deadline: NIODeadline, proofWithin proof: TimeAmount, _ content: UploadedContent
    ) async throws -> LinkAnswer {
        let connection = try await begin(path, by: deadline)
        do {
            try await content { try await connection.write($0, within: self.patience) }
            connection.end()
        } catch is LinkConnectionEnded {
            // The other end may have refused before the body's end, and said why.
        } catch {
            connection.close()
            throw error
        }
        guard case .head(let head) = try await connection.next(by: .now() + proof) else {
            connection.close()
            throw LinkConnectionEnded()
        }
        return LinkAnswer(head: head, connection: connection, connections: self, patience: patience)
    }

    private func ask(
        _ connection: LinkConnection, _ request: LinkRequest, by deadline: NIODeadline, _ silence: TimeAmount?
    ) async throws -> LinkAnswer {
        connection.send(request)
        guard case .head(let head) = try await connection.next(by: deadline) else {
            connection.close()
            throw LinkConnectionEnded()
        }
        return LinkAnswer(head: head, connection: connection, connections: self, patience: silence ?? patience)
    }

    /// Nothing tells when a socket comes, so it asks again and again.
    private func connect(by deadline: NIODeadline) async throws -> LinkConnection {
        while true {
            do {
                let connection = try await LinkConnection.open(socketPath)
                try keep(connection)
                return connection
            } catch let error where !(error is CancellationError) && deadline - .now() > Self.pause && !isShutDown {
                try await Task.sleep(for: .nanoseconds(Self.pause.nanoseconds))
            }
        }
    }

    private func keep(_ connection: LinkConnection) throws {
        let id = ObjectIdentifier(connection)
        let isShutDown = state.withLock { state in
            if !state.isShutDown { state.open[id] = connection }
            return state.isShutDown
        }
        guard !isShutDown else {
            connection.close()
            throw CancellationError()
        }
        connection.whenClosed { [weak self] in
            self?.state.withLock { state in
                state.open[id] = nil
                state.resting.removeAll { $0 === connection }
            }
        }
    }

    private func takeResting() -> LinkConnection? {
        state.withLock { $0.resting.popLast() }
    }

    /// Takes a connection back whose answer is whole.
    fileprivate func rest(_ connection: LinkConnection) {
        connection.rest()
        let isKept = state.withLock { state in
            guard state.resting.count < Self.restLimit, state.open[ObjectIdentifier(connection)] != nil else {
                return false
            }
            state.resting.append(connection)
            return true
        }
        if !isKept { connection.close() }
    }

    /// Calls that are under way fail.
    func shutdown() async throws {
        let open = state.withLock { state in
            state.isShutDown = true
            return Array(state.open.values)
        }
        for connection in open { connection.close() }
        for connection in open { try await connection.closed() }
    }
}

/// An answer whose body is taken piece by piece. One that is not taken to its end closes its connection.
final class LinkAnswer: Sendable {
    let status: HTTPResponseStatus
    private let isLast: Bool
    private let connection: LinkConnection
    private let connections: LinkConnections
    private let patience: TimeAmount
    private let isWhole = Mutex(false)

    fileprivate init(
        head: HTTPResponseHead, connection: LinkConnection, connections: LinkConnections, patience: TimeAmount
    ) {
        status = head.status
        isLast = !head.isKeepAlive
        self.connection = connection
        self.connections = connections
        self.patience = patience
    }

    deinit {
        if !isWhole.withLock({ $0 }) { connection.close() }
    }

    /// The next piece, for which it waits as long as a call may take; `nil` behind the last.
    func next(by deadline: NIODeadline = .distantFuture) async throws -> ByteBuffer? {
        if isWhole.withLock({ $0 }) { return nil }
        while true {
            switch try await connection.next(by: min(deadline, .now() + patience)) {
            case .head: continue
            case .body(let piece): return piece
            case .end:
                isWhole.withLock { $0 = true }
                if isLast { connection.close() } else { connections.rest(connection) }
                return nil
            }
        }
    }

    /// All of the body.
    func collect(upTo limit: Int, by deadline: NIODeadline) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        while var piece = try await next(by: deadline) {
            guard whole.readableBytes + piece.readableBytes <= limit else { throw LinkAnswerTooLong(limit: limit) }
            whole.writeBuffer(&piece)
        }
        return whole
    }
}

struct LinkAnswerTooLong: Error, CustomStringConvertible {
    var limit: Int
    var description: String { "the answer has more than \(limit) bytes" }
}
