import Agent
import Dataplane
import Foundation
import HostProtocol
import HostStorage
import Hypervisor
import Logging
import Model
import Synchronization
import TestSupport

/// A control plane that says what a test wants said, in the order it wants, and keeps what it hears.
final class ScriptedChannel: HostChannel {
    private struct State {
        var news: [(document: DesiredServer?, command: DesiredCommand?)] = []
        var registrations: [HostRegistration] = []
        var reports: [ServerObservation] = []
        var health: HostHealth?
        var illegible: [Illegible] = []
        var nudge: AsyncStream<HostNudge>.Continuation?
        var whileReporting: (@Sendable () async -> Void)?
        var lostCalls = 0
        var network = TopologyNews()
        var holdings: [[NetworkPart: String]] = []
        var uploads: [String: [UInt8]] = [:]
        var lostUploads = 0
    }

    static let host = HostID("host")
    private let state = Mutex(State())

    /// Sends a document now, whatever was sent before.
    func send(_ document: DesiredServer? = nil, _ command: DesiredCommand? = nil) {
        let nudge = state.withLock { state in
            state.news.append((document, command))
            return state.nudge
        }
        nudge?.yield(.servers)
    }

    var reports: [ServerObservation] { state.withLock { $0.reports } }

    func register(_ registration: HostRegistration) async throws -> RegisteredHost {
        state.withLock { $0.registrations.append(registration) }
        return RegisteredHost(host: Self.host, protocolVersion: 1)
    }

    var registrations: [HostRegistration] { state.withLock { $0.registrations } }

    func desired(after sequence: Int64) async throws -> DesiredBatch {
        state.withLock { state in
            let news = state.news.dropFirst(Int(sequence))
            var batch = DesiredBatch(
                servers: news.compactMap(\.document), commands: news.compactMap(\.command),
                sequence: Int64(state.news.count), isLast: true)
            (batch.illegible, state.illegible) = (state.illegible, [])
            return batch
        }
    }

    func nudges() -> AsyncStream<HostNudge> {
        let (stream, continuation) = AsyncStream.makeStream(of: HostNudge.self)
        state.withLock { $0.nudge = continuation }
        return stream
    }

    /// What the host last said of itself.
    var health: HostHealth? { state.withLock { $0.health } }

    func report(_ report: HostReport) async throws {
        if let health = report.health { state.withLock { $0.health = health } }
        // A sign of life is no report.
        if report.observations.isEmpty { return }
        try arrive()
        let meanwhile = state.withLock { state in
            state.reports += report.observations
            defer { state.whileReporting = nil }
            return state.whileReporting
        }
        await meanwhile?()
    }

    /// Does something while the next report is on its way.
    func whileReporting(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { $0.whileReporting = body }
    }

    /// The next reports, questions about the network and image fetches do not arrive.
    func loseCalls(_ count: Int) {
        state.withLock { $0.lostCalls = count }
    }

    var lostCalls: Int { state.withLock { $0.lostCalls } }

    private func arrive() throws {
        let isLost = state.withLock { state in
            defer { state.lostCalls = max(0, state.lostCalls - 1) }
            return state.lostCalls > 0
        }
        if isLost { throw ControlPlaneUnreachable("a scripted absence") }
    }

    /// Rings as a line does that opens again.
    func nudge(_ nudge: HostNudge = .servers) {
        state.withLock { $0.nudge }?.yield(nudge)
    }

    /// Sends what a newer control plane might.
    func sendIllegible(_ text: String) throws {
        let item = try JSONDecoder().decode(Illegible.self, from: Data(text.utf8))
        state.withLock { $0.illegible.append(item) }
        nudge()
    }

    /// Is what the next question about the network is answered.
    func send(_ network: TopologyNews) {
        let nudge = state.withLock { state in
            state.network = network
            return state.nudge
        }
        nudge?.yield(.network)
    }

    /// What the host held of the network at each question.
    var holdings: [[NetworkPart: String]] { state.withLock { $0.holdings } }

    func topology(holding: [NetworkPart: String]) async throws -> TopologyNews {
        try arrive()
        return state.withLock { state in
            state.holdings.append(holding)
            defer { state.network = TopologyNews() }
            return state.network
        }
    }

    func configDrive(_ server: ServerID) async throws -> [ConfigDriveFile] { [] }

    func metadata(_ request: MetadataRequest) async throws -> MetadataResponse {
        MetadataResponse(status: 404, contentType: "text/plain", body: [])
    }

    func imageContent(_ image: ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        try arrive()
        return AsyncThrowingStream { $0.finish() }
    }

    func upload(_ image: ImageID, _ content: UploadedContent) async throws {
        var bytes: [UInt8] = []
        try await content { bytes += $0 }
        let isLost = state.withLock { state in
            defer { state.lostUploads = max(0, state.lostUploads - 1) }
            if state.lostUploads == 0 { state.uploads[image.text] = bytes }
            return state.lostUploads > 0
        }
        if isLost { throw ControlPlaneUnreachable("a scripted absence") }
    }

    /// What came for images, by their ids.
    var uploads: [String: [UInt8]] { state.withLock { $0.uploads } }

    func loseUploads(_ count: Int) {
        state.withLock { $0.lostUploads = count }
    }

    func connect(_ consoles: HostConsoles) {}
}

/// A host whose agent may stop and start while its guests and files stay.
struct Bench: Sendable {
    let driver = SimulatedDriver()
    var storage = SimulatedStorage(readsContent: true)
    let channel = ScriptedChannel()
    let server = ServerID.random()
    var dataplane = RecordedDataplane()

    /// Runs an agent while `body` does, in the boot of the machine that is named.
    func withAgent(
        boot: String = "first", beat: Duration = Agent.beatInterval,
        imageInterval: Duration = ImageCacheKeeper.interval,
        _ body: @Sendable () async throws -> Void
    ) async throws {
        let machine = HostMachine(
            driver: driver, storage: storage, dataplane: dataplane, bootID: boot, graceSeconds: 0.05)
        let agent = Agent(
            channel: channel, machine: machine, logger: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() },
            beatInterval: beat, imageInterval: imageInterval, imageMinimumAge: .zero)
        try await agent.register()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            try await body()
            group.cancelAll()
        }
    }

    func document(
        epoch: Int64, mark: String = "", presence: DesiredServer.Presence = .present, power: DesiredPower = .running,
        nics: [GuestNIC] = []
    ) -> DesiredServer {
        DesiredServer(
            serverID: server, epoch: epoch, mark: mark, presence: presence, power: power,
            hardware: GuestHardware(name: "vm", vcpus: 1, memoryMiB: 256),
            disks: FlavorDisks(
                image: ImageReference(id: ImageID("image"), sha512: "ab", format: .raw, sizeBytes: 512), rootGiB: 1,
                configDrive: false
            ).list, nics: nics)
    }

    func command(_ id: String, _ action: HostCommandAction, isCancelled: Bool = false) -> DesiredCommand {
        DesiredCommand(id: HostCommandID(id), serverID: server, action: action, isCancelled: isCancelled)
    }

    /// What the agent says of a command, as soon as it says that it has ended.
    @discardableResult
    func end(of id: String, after count: Int = 0) async throws -> CommandReport {
        var found: CommandReport?
        try await eventually("the end of \(id)") {
            found = channel.reports.dropFirst(count).flatMap(\.commands).last {
                $0.id == HostCommandID(id) && $0.state.isEnd
            }
            return found != nil
        }
        guard let found else { throw CloudError(.internal, "unreachable") }
        return found
    }

    /// The report that answers an epoch, as soon as there is one.
    @discardableResult
    func report(of epoch: Int64, after count: Int = 0) async throws -> ServerObservation {
        var found: ServerObservation?
        try await eventually("a report of epoch \(epoch)") {
            found = channel.reports.dropFirst(count).last { $0.epoch == epoch }
            return found != nil
        }
        guard let found else { throw CloudError(.internal, "unreachable") }
        return found
    }
}
