import HostProtocol
import HostStorage
import Hypervisor
import Logging
import Model

/// How a moment went in which a guest's file systems were to stand still.
struct Freeze: Sendable {
    /// Whether they all did, from before the moment until after it, and there was one.
    var held: Bool
    /// From the freeze that was sent to the thaw that returned; `nil` where one of them did not return.
    var milliseconds: Int?
    /// Why it did not hold.
    var reason: String?

    init(held: Bool, reason: String?) {
        self.held = held
        self.reason = reason
    }

    /// A guest of which fewer file systems are thawed than were frozen was thawed by somebody else meanwhile.
    init(frozen: Int, thawed: Int, milliseconds: Int) {
        held = frozen > 0 && thawed >= frozen
        self.milliseconds = milliseconds
        if frozen == 0 { reason = "The guest agent found no file system to freeze." }
        if thawed < frozen { reason = "The guest's file systems were thawed too early." }
    }
}

/// Freezes guests, and sees to it that none stays frozen: each freeze is written down before it is asked for, and owes
/// a thaw until one has returned.
actor FreezeKeeper {
    private static let pause = Duration.seconds(1)

    private let driver: any HypervisorDriver
    private let storage: any HostStorage
    private var thaws: [ServerID: Task<Void, Never>] = [:]

    init(driver: any HypervisorDriver, storage: any HostStorage) {
        self.driver = driver
        self.storage = storage
    }

    /// Thaws what a process before this one may have left frozen.
    func resume(_ logger: Logger) async {
        do {
            for server in try await storage.notedFreezes() { thaw(server) }
        } catch {
            logger.error("it is not known which guests are frozen", metadata: ["error": "\(error)"])
        }
    }

    /// Calls `moment` while the guest is frozen; where it cannot be, all the same, unless that `isRequired`. Throws
    /// what `moment` throws.
    func during(
        _ server: ServerID, isRequired: Bool, _ moment: @Sendable () async throws -> Void
    ) async throws -> Freeze {
        await thaws[server]?.value
        try await storage.noteFreeze(of: server, true)
        let frozen: Frozen
        do {
            frozen = try await driver.freeze(server)
        } catch {
            // It may come to pass yet.
            thaw(server)
            guard let failure = error as? HostFailure, !isRequired else { throw error }
            try await moment()
            return Freeze(held: false, reason: failure.message)
        }
        do {
            try await moment()
        } catch {
            thaw(server)
            throw error
        }
        do {
            let thawed = try await driver.thaw(server)
            let time = ContinuousClock.now - frozen.since
            try await storage.noteFreeze(of: server, false)
            return Freeze(frozen: frozen.fileSystems, thawed: thawed, milliseconds: Int(time / .milliseconds(1)))
        } catch {
            thaw(server)
            guard let failure = error as? HostFailure, !isRequired else { throw error }
            return Freeze(held: false, reason: failure.message)
        }
    }

    private func thaw(_ server: ServerID) {
        guard thaws[server] == nil else { return }
        thaws[server] = Task { await keepThawing(server) }
    }

    /// Until a thaw has returned; a process that ends before leaves the mark.
    private func keepThawing(_ server: ServerID) async {
        while true {
            do {
                _ = try await driver.thaw(server)
                try await storage.noteFreeze(of: server, false)
                break
            } catch {
                do {
                    try await Task.sleep(for: Self.pause)
                } catch {
                    return
                }
            }
        }
        thaws[server] = nil
    }
}
