import Agent
import Cloud
import Compute
import Dataplane
import Foundation
import HostLink
import HostProtocol
import HostStorage
import HTTPTypes
import Hummingbird
import Hypervisor
import Logging
import Model
import Store
import TestSupport

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A cloud without hosts, and the socket by which they come.
struct SocketCloud: Sendable {
    let fixture: CloudFixture
    let door: Door

    static func run(_ body: @Sendable (SocketCloud) async throws -> Void) async throws {
        var options = CloudFixture.Options()
        options.hosts = 0
        try await CloudFixture.run(options) { fixture in
            let door = Door(fixture.cloud, at: fixture.stateDirectory + "/host.sock")
            let cloud = SocketCloud(fixture: fixture, door: door)
            try await cloud.door.open()
            do {
                try await body(cloud)
            } catch {
                try await cloud.door.close()
                throw error
            }
            try await cloud.door.close()
        }
    }

    /// Asks for a server; it may have no host that answers.
    func create() async throws -> ServerID {
        guard let made = try await fixture.create().first else { throw CloudError(.internal, "No server was made.") }
        return made.id
    }

    func console(_ id: ServerID) async throws -> Answer {
        try await fixture.request(
            .post, "/compute/v2.1/servers/\(id)/action", json: #"{"os-getConsoleOutput": {"length": 1}}"#)
    }

    /// Takes a host out of the store, which no verb does.
    func forget(_ host: HostID) async throws {
        try await fixture.cloud.database.transaction { db in
            try db.execute("DELETE FROM hosts WHERE id = ?1", [.text(host.text)])
        }
    }

    func isActive(_ id: ServerID) async throws {
        try await fixture.server(id) { $0.settled == .active && $0.operation == nil }
    }
}

/// The socket of a cloud, which a test opens and closes: for hosts that is the end and the return of its process.
actor Door {
    nonisolated let socketPath: String
    private let server: HostLinkServer
    private var serving: RunningService?

    /// - Parameter identify: by what the cloud knows who comes by this door.
    init(
        _ cloud: Cloud, at socketPath: String,
        identify: @escaping HostIdentity.Finder = HostIdentity.ofProcess(of: [geteuid()])
    ) {
        self.socketPath = socketPath
        server = HostLinkServer(
            compute: cloud.compute, networking: cloud.networking, image: cloud.image, switchboard: cloud.switchboard,
            identify: identify, logger: silent)
    }

    func open() async throws {
        serving = await serve(server.responder(), at: socketPath)
    }

    func close() async throws {
        try await serving?.stop()
        serving = nil
    }
}

/// Listens when it returns.
func serve<Responder: HTTPResponder>(_ responder: Responder, at socketPath: String) async -> RunningService
where Responder.Context: InitializableFromSource, Responder.Context.Source == ApplicationRequestContextSource {
    let (running, isRunning) = AsyncStream.makeStream(of: Void.self)
    let app = Application(
        responder: responder, configuration: .init(address: .unixDomainSocket(path: socketPath)),
        onServerRunning: { _ in isRunning.finish() }, logger: silent)
    let serving = RunningService(app) { isRunning.finish() }
    for await _ in running {}
    return serving
}

/// A simulated host whose agent knows the cloud by its socket only.
struct RemoteHost: Sendable {
    let id: HostID
    let driver: SimulatedDriver
    let dataplane: RecordedDataplane
    let channel: RemoteChannel

    /// Joins the cloud and works while `body` runs.
    static func run(
        _ cloud: SocketCloud, patienceSeconds: Int64 = 30, _ body: @Sendable (RemoteHost) async throws -> Void
    ) async throws {
        let client = try HostLinkClient(socketPath: cloud.door.socketPath, patienceSeconds: patienceSeconds)
        do {
            let driver = SimulatedDriver(hostname: "remote-1")
            let channel = RemoteChannel(client, logger: silent)
            let dataplane = RecordedDataplane(wantsTopology: true)
            let machine = HostMachine(
                driver: driver, storage: SimulatedStorage(readsContent: true), dataplane: dataplane, bootID: "first",
                graceSeconds: 0.05)
            let agent = Agent(channel: channel, machine: machine, logger: silent)
            let host = RemoteHost(
                id: try await agent.register(), driver: driver, dataplane: dataplane, channel: channel)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await agent.run() }
                try await body(host)
                group.cancelAll()
            }
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }
}
