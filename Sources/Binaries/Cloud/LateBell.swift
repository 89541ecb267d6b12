import Model
import Synchronization
import Workflow

/// Lets services ring a runner that is made after them.
final class LateBell: Sendable {
    private let runner = Mutex<WorkflowRunner?>(nil)
    private let network = Bell()

    func connect(_ runner: WorkflowRunner) {
        self.runner.withLock { $0 = runner }
    }

    func ring() {
        runner.withLock { $0 }?.nudge()
    }

    func ringNetwork() {
        network.ring()
    }

    /// Whether the network has changed before `deadline`.
    func waitForNetwork(until deadline: Timestamp, clock: any CloudClock) async -> Bool {
        await network.wait(until: deadline, clock: clock)
    }
}
