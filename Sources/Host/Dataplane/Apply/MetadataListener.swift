import Foundation
import HostProtocol
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

typealias MetadataAnswer = @Sendable (MetadataRequest) async throws -> MetadataResponse

/// 169.254.169.254:80 of one network. A guest is known by the network, whose namespace holds the socket, and by its
/// source address, which anti-spoofing guarantees; nothing it says about itself is believed.
final class MetadataListener: Sendable {
    /// The inode of the namespace the socket is in: a namespace made anew needs a new socket.
    let namespace: UInt64
    let plan: PlannedListener
    private let channel: any Channel

    private init(channel: any Channel, namespace: UInt64, plan: PlannedListener) {
        self.channel = channel
        self.namespace = namespace
        self.plan = plan
    }

    var isOpen: Bool { channel.isActive }

    static func open(
        _ plan: PlannedListener, answer: @escaping MetadataAnswer, logger: Logger
    ) async throws -> MetadataListener {
        guard let identity = NamespaceApplier.identity(plan.namespace) else {
            throw DataplaneError("namespace \(plan.namespace) is not there")
        }
        let descriptor = try await NamespaceThread.listen(in: plan.namespace, address: metadataAddress, port: 80)
        let connections = ConnectionCount(limit: 256, perGuest: 16)
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try connections.enter(channel)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(30)))
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try pipeline.addHandler(MetadataHandler(plan: plan, answer: answer, logger: logger))
                }
            }
        do {
            let channel = try await bootstrap.withBoundSocket(descriptor).get()
            return MetadataListener(channel: channel, namespace: identity, plan: plan)
        } catch {
            Foundation.close(descriptor)
            throw error
        }
    }

    func close() async {
        do {
            try await channel.close()
        } catch ChannelError.alreadyClosed {
            return
        } catch {
            Logger(label: "novella.metadata").debug("closing a listener", metadata: ["error": "\(error)"])
        }
    }
}

/// Refuses connections beyond a limit, so that one network cannot take all descriptors, nor one guest its network's.
final class ConnectionCount: Sendable {
    struct Full: Error {}

    private let limit: Int
    private let perGuest: Int
    private let open = Mutex<[String: Int]>([:])

    init(limit: Int, perGuest: Int) {
        self.limit = limit
        self.perGuest = perGuest
    }

    func enter(_ channel: any Channel) throws {
        let guest = channel.remoteAddress?.ipAddress ?? ""
        try enter(guest)
        channel.closeFuture.whenComplete { [self] _ in leave(guest) }
    }

    func enter(_ guest: String) throws {
        try open.withLock { open in
            let own = open[guest] ?? 0
            guard own < perGuest, open.values.reduce(0, +) < limit else { throw Full() }
            open[guest] = own + 1
        }
    }

    func leave(_ guest: String) {
        open.withLock { open in
            let left = (open[guest] ?? 1) - 1
            open[guest] = left > 0 ? left : nil
        }
    }
}
