import Foundation
package import HostProtocol
package import Logging
package import Model
import NIOCore
import Synchronization

/// The line between an agent and a control plane that is another process.
package final class RemoteChannel: HostChannel {
    private let client: HostLinkClient
    private let logger: Logger
    private let host = Mutex<HostID?>(nil)
    private let inventory = Mutex<HostInventory?>(nil)
    private let consoles = Mutex<HostConsoles?>(nil)

    package init(_ client: HostLinkClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    private func path(_ rest: String) throws -> String {
        guard let host = host.withLock({ $0 }) else { throw CloudError(.conflict, "The host has not registered.") }
        return "/hosts/\(host)/\(rest)"
    }

    package func register(_ registration: HostRegistration) async throws -> RegisteredHost {
        let answer: RegisteredHost = try await client.post("/hosts", registration)
        host.withLock { $0 = answer.host }
        inventory.withLock { $0 = registration.inventory }
        return answer
    }

    package func desired(after sequence: Int64) async throws -> DesiredBatch {
        try await client.get(try path("documents?after=\(sequence)"))
    }

    package func report(_ report: HostReport) async throws {
        try await client.post(try path("reports"), report)
    }

    package func topology(holding: [NetworkPart: String]) async throws -> TopologyNews {
        try await client.post(try path("topology"), holding)
    }

    package func configDrive(_ server: ServerID) async throws -> [ConfigDriveFile] {
        try await client.get(try path("config-drives/\(server)"))
    }

    package func metadata(_ request: MetadataRequest) async throws -> MetadataResponse {
        // Guests ask again by themselves, and many give up sooner.
        try await client.post(try path("metadata"), request, within: .seconds(10))
    }

    package func imageContent(_ image: ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        let path = try path("images/\(image)")
        let content = try await client.stream(path)
        return AsyncThrowingStream { [client] in
            try await client.reaching(path) { try await content.next().map { Array($0.readableBytesView) } }
        }
    }

    package func upload(_ image: ImageID, _ content: UploadedContent) async throws {
        try await client.upload(try path("images/\(image)"), content)
    }

    package func connect(_ consoles: HostConsoles) {
        self.consoles.withLock { $0 = consoles }
    }

    private func connectedConsoles() throws -> HostConsoles {
        guard let consoles = consoles.withLock({ $0 }) else {
            throw CloudError(.unavailable, "The server's host is starting; try again in a moment.")
        }
        return consoles
    }
}

extension RemoteChannel {
    /// Opens the line again whenever it ends. The control plane may be another process then, with another store.
    package func nudges() -> AsyncStream<HostNudge> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { nudges in
            let task = Task { await follow(nudges) }
            nudges.onTermination = { _ in task.cancel() }
        }
    }

    private func follow(_ nudges: AsyncStream<HostNudge>.Continuation) async {
        var isKnownAway = false
        while !Task.isCancelled {
            do {
                try await listen(nudges) { isKnownAway = false }
                logger.info("the control plane has closed the line")
            } catch {
                if Task.isCancelled { break }
                if !isKnownAway { logger.warning("the control plane is away", metadata: ["error": "\(error)"]) }
                isKnownAway = true
            }
            do {
                try await Task.sleep(for: .milliseconds(500))
            } catch {
                break
            }
        }
        nudges.finish()
    }

    /// A control plane that has started anew knows by the first call who speaks for the host; what the host holds is
    /// said once the line is open.
    private func listen(_ nudges: AsyncStream<HostNudge>.Continuation, opened: () -> Void) async throws {
        if let inventory = inventory.withLock({ $0 }) {
            _ = try await register(HostRegistration(inventory: inventory))
        }
        let path = try path("line")
        var lines = LineSplitter()
        let line = try await client.stream(path)
        while let bytes = try await line.next() {
            for line in try lines.take(bytes.readableBytesView) {
                do {
                    heard(try JSONDecoder().decode(LineMessage.self, from: Data(line)), nudges, opened)
                } catch {
                    logger.notice(
                        "the control plane said what this agent does not understand", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private func heard(
        _ message: LineMessage, _ nudges: AsyncStream<HostNudge>.Continuation, _ opened: () -> Void
    ) {
        switch message {
        case .opened:
            opened()
            logger.info("the line to the control plane is open")
            nudges.yield(.registration)
        case .alive: return
        case .nudge(let nudge): nudges.yield(nudge)
        case .console(let question):
            Task {
                await answer(question.id, of: question.server) { [self] in
                    Data(try await connectedConsoles().log(question.server, question.maxBytes))
                }
            }
        case .diagnostics(let question):
            Task {
                await answer(question.id, of: question.server) { [self] in
                    try JSONEncoder().encode(try await connectedConsoles().diagnose(question.server))
                }
            }
        case .openConsole(let call): Task { await carry(call) }
        }
    }

    private func answer(
        _ question: String, of server: ServerID, _ output: @Sendable () async throws -> Data
    ) async {
        do {
            var answer = ConsoleAnswer()
            do {
                answer.output = try await output()
            } catch {
                answer.failure = LinkFailure(error)
            }
            try await client.post(try path("console-answers/\(question)"), answer)
        } catch {
            logger.warning("an answer was not delivered", metadata: ["server": "\(server)", "error": "\(error)"])
        }
    }
}

extension RemoteChannel {
    /// Until the guest or the client ends, or the control plane does.
    private func carry(_ call: ConsoleCall) async {
        do {
            try await client.exchange(try path("consoles/\(call.id)")) { client in
                do {
                    try await connectedConsoles().carry(call.kind, call.server, client)
                } catch {
                    let answer = ConsoleAnswer(failure: LinkFailure(error))
                    try await self.client.post(try path("console-answers/\(call.id)"), answer)
                }
            }
        } catch {
            logger.info("a console has broken off", metadata: ["server": "\(call.server)", "error": "\(error)"])
        }
    }
}

/// Cuts what comes piece by piece into lines. A line that does not end is an error, not a growing buffer.
struct LineSplitter {
    static let longest = 1 << 20
    private var rest: [UInt8] = []

    /// The lines that the bytes complete.
    mutating func take(_ bytes: some Sequence<UInt8>) throws(CloudError) -> [[UInt8]] {
        rest += bytes
        var lines: [[UInt8]] = []
        var start = 0
        while let end = rest[start...].firstIndex(of: 0x0a) {
            lines.append(Array(rest[start..<end]))
            start = end + 1
        }
        rest.removeFirst(start)
        guard rest.count <= Self.longest else {
            throw CloudError(.internal, "The control plane sent a line longer than \(Self.longest) bytes.")
        }
        return lines
    }
}
