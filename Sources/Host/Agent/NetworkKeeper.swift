import Dataplane
import HostProtocol
import Logging

/// Brings the data plane to the newest topology, one run at a time; whoever asks during a run shares the next one.
actor NetworkKeeper {
    private let channel: any HostChannel
    private let dataplane: any Dataplane
    private let logger: Logger
    private var current: Task<Void, any Error>?
    private var next: Task<Void, any Error>?
    /// Whether the next run looks at the kernel even when the topology is the one that is in force.
    private var nextMends = false
    private var generationInForce: Int64?

    init(channel: any HostChannel, dataplane: any Dataplane, logger: Logger) {
        self.channel = channel
        self.dataplane = dataplane
        self.logger = logger
    }

    /// Returns when a topology asked for after this call is in force.
    func ready() async throws {
        guard dataplane.wantsTopology else { return }
        try await run().value
    }

    /// The same, with failures in the log: the next mending tries again.
    func follow() async {
        await logged { try await ready() }
    }

    /// Mends at once and then every five seconds, until cancelled: what was lost is back within ten, with a pass that
    /// takes its time.
    func keepMending() async {
        while !Task.isCancelled {
            await mend()
            do {
                try await Task.sleep(for: .seconds(5))
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

    private func run() -> Task<Void, any Error> {
        if let next { return next }
        let before = current
        let task = Task {
            if let before { _ = await before.result }
            try await pass()
        }
        next = task
        return task
    }

    private func pass() async throws {
        current = next
        next = nil
        let mends = nextMends
        nextMends = false
        let topology = try await channel.topology()
        if !mends, topology.generation == generationInForce { return }
        generationInForce = nil
        try await dataplane.converge(topology, mending: mends)
        generationInForce = topology.generation
    }
}
