import Foundation
import HostProtocol
import Model
import NIOCore
import NIOHTTP1

/// The agent's end of the socket; one for all hosts of a process.
package final class HostLinkClient: Sendable {
    /// The longest path that fits `sockaddr_un`, in bytes.
    private static let longestPath = 107

    let connections: LinkConnections
    private let socketPath: String
    private let patience: TimeAmount

    /// - Parameter patienceSeconds: how long a call may take, and a stream be silent. A socket that is not there yet is
    ///   tried until then.
    /// - Throws: when the path is too long for a socket.
    package init(socketPath: String, patienceSeconds: Int64 = 30) throws {
        guard socketPath.utf8.count <= Self.longestPath else {
            throw CloudError.badRequest(
                "\(socketPath) has \(socketPath.utf8.count) bytes; a socket's path has at most \(Self.longestPath).")
        }
        self.socketPath = socketPath
        patience = .seconds(patienceSeconds)
        connections = LinkConnections(socketPath: socketPath, patience: patience)
    }

    package func shutdown() async throws {
        try await connections.shutdown()
    }

    func get<Answer: Decodable>(_ path: String) async throws -> Answer {
        try decode(try await bytes(.GET, path, nil), from: path)
    }

    func post<Answer: Decodable>(
        _ path: String, _ value: some Encodable, within limit: TimeAmount? = nil
    ) async throws -> Answer {
        try decode(try await bytes(.POST, path, try JSONEncoder().encode(value), within: limit), from: path)
    }

    func post(_ path: String, _ value: some Encodable) async throws {
        _ = try await bytes(.POST, path, try JSONEncoder().encode(value))
    }

    /// The body of a GET, as it comes. It has no deadline, but it may not be silent for longer than a call may take.
    func stream(_ path: String) async throws -> LinkAnswer {
        try await reaching(path) { try await self.answer(.GET, path, nil, by: .now() + patience) }
    }

    /// A POST whose body is sent as it comes. The other end may be silent for longer than in a call while it proves
    /// what it got.
    func upload(_ path: String, _ content: UploadedContent) async throws {
        try await reaching(path) {
            let answer = try await connections.upload(
                to: try checked(path), by: .now() + patience, proofWithin: .minutes(10), content)
            try await refuse(answer, of: path)
            _ = try await answer.collect(upTo: messageLimit, by: .now() + patience)
        }
    }

    /// Bytes both ways at once, for as long as `body` runs: those of a GET, which may rest for as long as they like,
    /// and those of a POST to the same path.
    func exchange(_ path: String, _ body: (ConsoleEnd) async throws -> Void) async throws {
        try await reaching(path) {
            let from = try await answer(.GET, path, nil, by: .now() + patience, silence: .nanoseconds(.max))
            let to = try await connections.begin(try checked(path), by: .now() + patience)
            defer { to.close() }
            try await body(
                ConsoleEnd(
                    read: { try await from.next().map { Array($0.readableBytesView) } },
                    write: { [patience] in try await to.write($0, within: patience) }))
            to.end()
            _ = try await to.next(by: .now() + patience)
        }
    }

    private func bytes(
        _ method: HTTPMethod, _ path: String, _ body: Data?, within limit: TimeAmount? = nil
    ) async throws -> ByteBuffer {
        try await reaching(path) {
            let deadline = NIODeadline.now() + min(limit ?? patience, patience)
            let answer = try await self.answer(method, path, body, by: deadline)
            return try await answer.collect(upTo: messageLimit, by: deadline)
        }
    }

    private func decode<Answer: Decodable>(_ bytes: ByteBuffer, from path: String) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes.readableBytesView))
        } catch {
            throw CloudError(
                .internal, "The control plane's answer cannot be read.",
                detail: "\(path) at \(socketPath); do both processes run one version?", cause: error)
        }
    }

    private func answer(
        _ method: HTTPMethod, _ path: String, _ body: Data?, by deadline: NIODeadline, silence: TimeAmount? = nil
    ) async throws -> LinkAnswer {
        let request = LinkRequest(
            method: method, path: try checked(path), body: body.map { ByteBuffer(bytes: $0) })
        let answer = try await connections.answer(to: request, by: deadline, silence: silence)
        try await refuse(answer, of: path)
        return answer
    }

    private func checked(_ path: String) throws -> String {
        guard path.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw CloudError(.internal, "\(path) is no path of the host's line.")
        }
        return path
    }

    /// Throws what an answer says that is a refusal.
    private func refuse(_ answer: LinkAnswer, of path: String) async throws {
        guard answer.status != .ok else { return }
        let refusal = try await answer.collect(upTo: messageLimit, by: .now() + patience)
        let failure: LinkFailure = try decode(refusal, from: path)
        throw failure.error
    }

    /// Keeps apart who failed: the control plane refused (`CloudError`), this host was hindered (`HostFailure`), or the
    /// call did not arrive (`ControlPlaneUnreachable`). The last is also thrown where the control plane does not know
    /// this host yet: it will when the line has opened again.
    func reaching<Value>(
        _ path: String, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as CloudError where error.kind != .unauthorized {
            throw error
        } catch let error as HostFailure {
            throw error
        } catch {
            try Task.checkCancellation()
            throw ControlPlaneUnreachable("\(path) at \(socketPath)", cause: error)
        }
    }
}
