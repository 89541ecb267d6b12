import HostProtocol
import HostStorage
import Hypervisor

/// Looks whether what guests need works on this host.
struct HealthKeeper: Sendable {
    /// A part that does not answer for so long does not work.
    private static let patience = Duration.seconds(5)

    private let machine: HostMachine
    private let network: NetworkKeeper

    init(_ machine: HostMachine, _ network: NetworkKeeper) {
        self.machine = machine
        self.network = network
    }

    func look() async -> HostHealth {
        async let hypervisor = trouble { [driver = machine.driver] in _ = try await driver.list() }
        async let storage = trouble { [storage = machine.storage] in try await storage.check() }
        var health = HostHealth()
        health.troubles["hypervisor"] = await hypervisor
        health.troubles["storage"] = await storage
        health.troubles["network"] = await network.trouble
        return health
    }

    private func trouble(_ body: @escaping @Sendable () async throws -> Void) async -> String? {
        let (answers, answer) = AsyncStream.makeStream(of: String?.self)
        // A call of the system that hangs does not end when it is cancelled, so this task is left behind.
        let asking = Task {
            do {
                try await body()
                answer.yield(nil)
            } catch {
                answer.yield("\((error as? HostFailure)?.detail ?? "\(error)")")
            }
            answer.finish()
        }
        let limit = Task {
            try await Task.sleep(for: Self.patience)
            answer.yield("It does not answer within \(Self.patience.components.seconds) seconds.")
            answer.finish()
        }
        defer {
            limit.cancel()
            asking.cancel()
        }
        var found = answers.makeAsyncIterator()
        return await found.next() ?? nil
    }
}
