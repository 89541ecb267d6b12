package import Compute
import Foundation
import HTTPTypes
import HostProtocol
package import Hummingbird
package import Image
package import Logging
import Model
import NIOCore
package import Networking
import ServiceLifecycle

/// The context of a request from an agent.
package struct HostLinkContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    fileprivate let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// The control plane's end of the line to agents of other processes: HTTP that only agents may speak, each for its own
/// host.
package struct HostLinkServer: Sendable {
    private typealias Handler = @Sendable (Request, HostLinkContext) async throws -> Response
    private typealias HostHandler =
        @Sendable (Request, HostLinkContext, InProcessChannel, HostID) async throws -> Response

    private let compute: ComputeService
    private let networking: NetworkingService
    private let image: ImageService
    private let switchboard: Switchboard
    private let identify: HostIdentity.Finder
    private let lines = HostLines()
    private let speakers = HostSpeakers()
    private let logger: Logger

    package init(
        compute: ComputeService, networking: NetworkingService, image: ImageService, switchboard: Switchboard,
        identify: @escaping HostIdentity.Finder, logger: Logger
    ) {
        self.compute = compute
        self.networking = networking
        self.image = image
        self.switchboard = switchboard
        self.identify = identify
        self.logger = logger
    }

    package func responder() -> some HTTPResponder<HostLinkContext> {
        let router = Router(context: HostLinkContext.self)
        router.post("/hosts", use: guarded(register))
        router.get("/hosts/:host/line", use: owned(line))
        router.get("/hosts/:host/documents", use: owned(documents))
        router.post("/hosts/:host/reports", use: owned(report))
        router.post("/hosts/:host/topology", use: owned(topology))
        router.post("/hosts/:host/metadata", use: owned(metadata))
        router.get("/hosts/:host/config-drives/:server", use: owned(configDrive))
        router.get("/hosts/:host/images/:image", use: owned(imageContent))
        router.post("/hosts/:host/images/:image", use: owned(upload))
        router.post("/hosts/:host/console-answers/:question", use: owned(consoleAnswer))
        router.get("/hosts/:host/consoles/:console", use: owned(consoleInput))
        router.post("/hosts/:host/consoles/:console", use: owned(consoleOutput))
        return router.buildResponder()
    }

    /// A refusal of any kind is a `LinkFailure` and a status other than 200.
    private func guarded(_ handler: @escaping Handler) -> Handler {
        { request, context in
            do {
                return try await handler(request, context)
            } catch {
                logger.warning(
                    "an agent was refused", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
                return try Self.json(LinkFailure(error), status: .badRequest)
            }
        }
    }

    /// For whoever may speak for the host that is named.
    private func owned(_ handler: @escaping HostHandler) -> Handler {
        guarded { request, context in
            let host = HostID(try context.parameters.require("host"))
            try speakers.require(try await identify(context.channel), for: host)
            let channel = makeChannel()
            try await channel.resume(host)
            return try await handler(request, context, channel, host)
        }
    }

    private func makeChannel() -> InProcessChannel {
        InProcessChannel(compute: compute, networking: networking, image: image, switchboard: switchboard)
    }

    private static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(status: status, body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(value))))
    }

    private static func body<Value: Decodable>(_ request: Request) async throws -> Value {
        let bytes = try await request.body.collect(upTo: messageLimit)
        return try JSONDecoder().decode(Value.self, from: Data(bytes.readableBytesView))
    }
}

extension HostLinkServer {
    private func register(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        let identity = try await identify(context.channel)
        let registered = try await makeChannel().register(try await Self.body(request), as: identity.host)
        speakers.announced(registered.host, by: identity)
        return try Self.json(registered)
    }

    private func documents(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        let after = try request.uri.queryParameters.require("after", as: Int64.self)
        return try Self.json(try await channel.desired(after: after))
    }

    private func report(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        try await channel.report(try await Self.body(request))
        return Response(status: .ok)
    }

    private func topology(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        try Self.json(try await channel.topology(holding: try await Self.body(request)))
    }

    private func metadata(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        try Self.json(try await channel.metadata(try await Self.body(request)))
    }

    private func configDrive(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        try Self.json(try await channel.configDrive(ServerID(try context.parameters.require("server"))))
    }

    private func imageContent(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        let pieces = try await channel.imageContent(ImageID(try context.parameters.require("image")))
        return Response(
            status: .ok,
            body: ResponseBody { writer in
                for try await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }

    private func upload(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        try await channel.upload(ImageID(try context.parameters.require("image"))) { write in
            for try await piece in request.body { try await write(Array(piece.readableBytesView)) }
        }
        return Response(status: .ok)
    }

    private func consoleAnswer(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        let question = try context.parameters.require("question")
        lines.answered(question, by: host, try await Self.body(request))
        return Response(status: .ok)
    }

    /// What a client says in a console.
    private func consoleInput(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        let client = try lines.client(ofConsole: try context.parameters.require("console"), on: host)
        return Response(
            status: .ok,
            body: ResponseBody { writer in
                // A cloud that ends does not wait for clients, which would hear of it only afterwards.
                while let bytes = try await cancelWhenGracefulShutdown({ try await client.read() }) {
                    try await writer.write(ByteBuffer(bytes: bytes))
                }
                try await writer.finish(nil)
            })
    }

    /// What the guest says; its end is the console's.
    private func consoleOutput(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        let id = try context.parameters.require("console")
        let client = try lines.client(ofConsole: id, on: host)
        lines.begun(console: id)
        do {
            for try await piece in request.body { try await client.write(Array(piece.readableBytesView)) }
        } catch {
            lines.end(console: id, by: host, error)
            throw error
        }
        lines.end(console: id, by: host)
        return Response(status: .ok)
    }

    /// Stays open until the agent leaves, a later line takes its place, or the process shuts down.
    private func line(
        _ request: Request, _ context: HostLinkContext, _ channel: InProcessChannel, _ host: HostID
    ) async throws -> Response {
        Response(
            status: .ok,
            body: ResponseBody { [lines, switchboard] writer in
                let (number, messages, send) = lines.open(host)
                defer { lines.close(host, number: number) }
                let nudges = channel.nudges()
                send.yield(.opened)
                let consoles = HostConsoles(
                    log: { try await lines.consoleOutput(host, $0, maxBytes: $1) },
                    diagnose: { try await lines.diagnostics(host, $0) },
                    carry: { try await lines.carryConsole($0, host, $1, $2) })
                let connection = switchboard.connect(consoles, of: host)
                defer { switchboard.disconnectConsoles(of: host, number: connection) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await nudge in nudges { send.yield(.nudge(nudge)) }
                    }
                    group.addTask {
                        while true {
                            try await Task.sleep(for: aliveEvery)
                            send.yield(.alive)
                        }
                    }
                    defer { group.cancelAll() }
                    for await message in messages.cancelOnGracefulShutdown() {
                        try await writer.write(ByteBuffer(bytes: try JSONEncoder().encode(message) + [0x0a]))
                    }
                }
                try await writer.finish(nil)
            })
    }
}
