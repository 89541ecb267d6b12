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

    /// The same, with failures in the log: the next beat tries again.
    func converge() async {
        do {
            try await ready()
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
            started()
            try await dataplane.converge(try await channel.topology())
        }
        next = task
        return task
    }

    private func started() {
        current = next
        next = nil
    }
}
