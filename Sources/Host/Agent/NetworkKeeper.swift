import Dataplane
import HostProtocol
import Logging

/// Brings the data plane to the newest topology, one run at a time; whoever asks during a run shares the next one.
actor NetworkKeeper {
    /// Between two passes: what was lost is back within ten seconds, with a pass that takes its time.
    static let mendingInterval = Duration.seconds(5)
    private let channel: any HostChannel
    private let dataplane: any Dataplane
    private let logger: Logger
    private let mendingInterval: Duration
    /// After so many of them all is asked for, whatever is held: what a change has failed to name is right then.
    private let mendingsUntilAll: Int
    private var current: Task<[DataplaneTrouble], any Error>?
    private var next: Task<[DataplaneTrouble], any Error>?
    /// Whether the next run looks at the kernel even when the topology is the one that is in force.
    private var nextMends = false
    private var held = HeldTopology()
    /// `nil` before the first answer.
    private var mendingsSinceAll: Int?
    /// Whether the kernel has been made all of what is held.
    private var isInForce = false
    private var knownTroubles: Set<DataplaneTrouble> = []
    /// Why the last pass did nothing, as long as the next has not done better.
    private(set) var trouble: String?

    init(
        channel: any HostChannel, dataplane: any Dataplane, logger: Logger,
        mendingInterval: Duration = NetworkKeeper.mendingInterval, mendingsUntilAll: Int = 60
    ) {
        self.channel = channel
        self.dataplane = dataplane
        self.logger = logger
        self.mendingInterval = mendingInterval
        self.mendingsUntilAll = mendingsUntilAll
    }

    /// Returns when a topology asked for after this call is in force. Throws when one of these NICs would be without
    /// network; the troubles of others are not the guest's.
    func ready(for nics: [GuestNIC]) async throws {
        guard dataplane.wantsTopology, !nics.isEmpty else { return }
        let own = try await run().value.filter { trouble in nics.contains { trouble.concerns($0) } }
        if own.isEmpty { return }
        throw DataplaneError(own.map(\.description).joined(separator: "; "))
    }

    /// Brings everything up to date, with failures in the log: the next mending tries again.
    func follow() async {
        guard dataplane.wantsTopology else { return }
        await logged { _ = try await run().value }
    }

    /// Mends at once and then again and again, until cancelled; calls `mended` after each time.
    func keepMending(_ mended: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            await mend()
            await mended()
            do {
                try await Task.sleep(for: mendingInterval)
            } catch {
                return
            }
        }
    }

    /// Whatever the kernel has lost since is made again.
    private func mend() async {
        nextMends = true
        await follow()
    }

    private func logged(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
            return
        } catch {
            logger.error("the data plane is not what it should be", metadata: ["error": "\(error)"])
        }
    }

    private func run() -> Task<[DataplaneTrouble], any Error> {
        if let next { return next }
        let before = current
        let task = Task {
            if let before { _ = await before.result }
            return try await pass()
        }
        next = task
        return task
    }

    private func pass() async throws -> [DataplaneTrouble] {
        current = next
        next = nil
        let mends = nextMends
        nextMends = false
        let isNew: Bool
        do {
            isNew = try await ask(forAll: mends && mendingsSinceAll.map { $0 >= mendingsUntilAll } ?? true)
        } catch {
            // What is held holds without the cloud, too.
            if mends, mendingsSinceAll != nil, !(error is CancellationError) { _ = try await converge(mending: true) }
            throw error
        }
        if mends { mendingsSinceAll = mendingsSinceAll.map { $0 + 1 } }
        return !mends && isInForce && !isNew ? [] : try await converge(mending: mends)
    }

    /// Whether what the host should have is another than what it has.
    private func ask(forAll: Bool) async throws -> Bool {
        var asked = forAll ? HeldTopology() : held
        let news = try await channel.topology(holding: asked.generations)
        asked.take(news)
        held = asked
        if forAll { mendingsSinceAll = 0 }
        return !news.isEmpty
    }

    private func converge(mending mends: Bool) async throws -> [DataplaneTrouble] {
        isInForce = false
        let troubles: [DataplaneTrouble]
        do {
            troubles = try await dataplane.converge(held.topology, mending: mends)
            trouble = nil
        } catch {
            if !(error is CancellationError) { trouble = "\(error)" }
            throw error
        }
        isInForce = troubles.isEmpty
        log(troubles)
        return troubles
    }

    /// Each trouble once, for as long as it lasts.
    private func log(_ troubles: [DataplaneTrouble]) {
        for trouble in troubles where !knownTroubles.contains(trouble) {
            logger.error("a part of the data plane is not what it should be", metadata: ["trouble": "\(trouble)"])
        }
        for trouble in knownTroubles.subtracting(troubles) {
            logger.notice("a part of the data plane is well again", metadata: ["trouble": "\(trouble)"])
        }
        knownTroubles = Set(troubles)
    }
}
