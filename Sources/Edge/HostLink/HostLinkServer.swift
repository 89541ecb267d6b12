package import Compute
package import Foundation
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

/// The control plane's end of the line to agents of other processes: HTTP that only `users` may speak.
package struct HostLinkServer: Sendable {
    private typealias Handler = @Sendable (Request, HostLinkContext) async throws -> Response

    private let compute: ComputeService
    private let networking: NetworkingService
    private let image: ImageService
    private let switchboard: Switchboard
    private let users: Set<uid_t>
    private let lines = HostLines()
    private let logger: Logger

    /// - Parameter users: whose processes may be agents. Root may always.
    package init(
        compute: ComputeService, networking: NetworkingService, image: ImageService, switchboard: Switchboard,
        users: Set<uid_t>, logger: Logger
    ) {
        self.compute = compute
        self.networking = networking
        self.image = image
        self.switchboard = switchboard
        self.users = users.union([0])
        self.logger = logger
    }

    package func responder() -> some HTTPResponder<HostLinkContext> {
        let router = Router(context: HostLinkContext.self)
        router.post("/hosts", use: guarded(register))
        router.get("/hosts/:host/line", use: guarded(line))
        router.get("/hosts/:host/documents", use: guarded(documents))
        router.post("/hosts/:host/reports", use: guarded(report))
        router.get("/hosts/:host/topology", use: guarded(topology))
        router.post("/hosts/:host/metadata", use: guarded(metadata))
        router.get("/hosts/:host/config-drives/:server", use: guarded(configDrive))
        router.get("/images/:image", use: guarded(imageContent))
        router.post("/console-answers/:question", use: guarded(consoleAnswer))
        return router.buildResponder()
    }

    /// Refuses whoever is not an agent; a refusal of any kind is a `LinkFailure` and a status other than 200.
    private func guarded(_ handler: @escaping Handler) -> Handler {
        { request, context in
            do {
                guard let user = try await PeerUser.of(context.channel), users.contains(user) else {
                    throw CloudError(.forbidden, "Only an agent of this machine may use the host's line.")
                }
                return try await handler(request, context)
            } catch {
                logger.warning(
                    "an agent was refused", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
                return try Self.json(LinkFailure(error), status: .badRequest)
            }
        }
    }

    private static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(status: status, body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(value))))
    }

    private static func body<Value: Decodable>(_ request: Request) async throws -> Value {
        let bytes = try await request.body.collect(upTo: messageLimit)
        return try JSONDecoder().decode(Value.self, from: Data(bytes.readableBytesView))
    }

    private func channel(_ context: HostLinkContext) async throws -> InProcessChannel {
        let channel = InProcessChannel(
            compute: compute, networking: networking, image: image, switchboard: switchboard)
        try await channel.resume(HostID(try context.parameters.require("host")))
        return channel
    }
}

extension HostLinkServer {
    private func register(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        try Self.json(try await compute.register(try await Self.body(request)))
    }

    private func documents(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        let after = try request.uri.queryParameters.require("after", as: Int64.self)
        return try Self.json(try await channel(context).desired(after: after))
    }

    private func report(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        try await channel(context).report(try await Self.body(request))
        return Response(status: .ok)
    }

    private func topology(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        try Self.json(try await channel(context).topology())
    }

    private func metadata(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        try Self.json(try await channel(context).metadata(try await Self.body(request)))
    }

    private func configDrive(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        let server = ServerID(try context.parameters.require("server"))
        return try Self.json(try await channel(context).configDrive(server))
    }

    private func imageContent(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        let next = try await image.content(of: ImageID(try context.parameters.require("image")))
        return Response(
            status: .ok,
            body: ResponseBody { writer in
                while let piece = try await next() { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }

    private func consoleAnswer(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        lines.answered(try context.parameters.require("question"), try await Self.body(request))
        return Response(status: .ok)
    }

    /// Stays open until the agent leaves, a later line takes its place, or the process shuts down.
    private func line(_ request: Request, _ context: HostLinkContext) async throws -> Response {
        let channel = try await channel(context)
        let host = HostID(try context.parameters.require("host"))
        return Response(
            status: .ok,
            body: ResponseBody { [lines, switchboard] writer in
                let (number, messages, send) = lines.open(host)
                defer { lines.close(host, number: number) }
                let nudges = channel.nudges()
                send.yield(.opened)
                let console = switchboard.connectConsole(of: host) {
                    try await lines.consoleOutput(host, $0, maxBytes: $1)
                }
                defer { switchboard.disconnectConsole(of: host, number: console) }
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
