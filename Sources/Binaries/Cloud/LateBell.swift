import Model
import Synchronization
import Workflow

/// Lets services ring a runner that is made after them.
final class LateBell: Sendable {
    private let runner = Mutex<WorkflowRunner?>(nil)
    private let outbox = Bell()

    func connect(_ runner: WorkflowRunner) {
        self.runner.withLock { $0 = runner }
    }

    func ring() {
        runner.withLock { $0 }?.nudge()
    }

    func ringOutbox() {
        outbox.ring()
    }

    func waitForOutbox(until deadline: Timestamp, clock: any CloudClock) async {
        await outbox.wait(until: deadline, clock: clock)
    }
}
