import HostProtocol
import HostStorage
import Hypervisor
import Model
import Synchronization

/// Opens the consoles of this host's guests, so many of each that no server's clients take what others need. A serial
/// line has one client at a time, for two would each read a part of what the guest says.
final class ConsoleKeeper: Sendable {
    private struct Console: Hashable {
        var server: ServerID
        var kind: ConsoleKind
    }

    private let machine: HostMachine
    private let open = Mutex<[Console: Int]>([:])

    init(_ machine: HostMachine) {
        self.machine = machine
    }

    var connected: HostConsoles {
        HostConsoles(
            log: { [storage = machine.storage] in try await storage.consoleTail($0, maxBytes: $1) },
            diagnose: { [driver = machine.driver] in try await driver.diagnostics(of: $0) },
            carry: { [self] in try await carry($0, of: $1, $2) })
    }

    private func carry(_ kind: ConsoleKind, of server: ServerID, _ client: ConsoleEnd) async throws {
        let console = Console(server: server, kind: kind)
        let isTaken = open.withLock { open in
            guard open[console, default: 0] < Self.limit(kind) else { return false }
            open[console, default: 0] += 1
            return true
        }
        guard isTaken else { throw Self.inUse(kind, server) }
        defer { open.withLock { $0[console] = $0[console].flatMap { $0 > 1 ? $0 - 1 : nil } } }
        try await machine.driver.carryConsole(kind, of: server, client)
    }

    private static func limit(_ kind: ConsoleKind) -> Int {
        switch kind {
        case .vnc: 8
        case .serial: 1
        }
    }

    private static func inUse(_ kind: ConsoleKind, _ server: ServerID) -> HostFailure {
        let what =
            switch kind {
            case .vnc: "The screen is in use by \(limit(kind)) clients, and may have no more; close one of them first."
            case .serial: "The serial console is in use by another client; close that one first."
            }
        return HostFailure(message: what, detail: "server \(server)")
    }
}
