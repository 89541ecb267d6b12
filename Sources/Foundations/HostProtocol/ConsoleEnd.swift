package import Model

/// One side of a console: bytes come from it and go to it.
package struct ConsoleEnd: Sendable {
    /// The next bytes that this side says; `nil` when it has left. One task at a time reads.
    package let read: @Sendable () async throws -> [UInt8]?
    /// Returns when the bytes are taken, so that a slow taker slows the giver.
    package let write: @Sendable ([UInt8]) async throws -> Void

    package init(
        read: @escaping @Sendable () async throws -> [UInt8]?,
        write: @escaping @Sendable ([UInt8]) async throws -> Void
    ) {
        self.read = read
        self.write = write
    }
}

/// What a host tells of its guests, and does with their consoles.
package struct HostConsoles: Sendable {
    /// The last bytes of a server's serial log, at most as many as are given.
    package typealias LogReader = @Sendable (ServerID, Int) async throws -> [UInt8]
    /// Opens a console and carries bytes between the guest and a client until one of them ends.
    package typealias Carrier = @Sendable (ConsoleKind, ServerID, _ client: ConsoleEnd) async throws -> Void

    package typealias Diagnostician = @Sendable (ServerID) async throws -> GuestDiagnostics

    package let log: LogReader
    package let diagnose: Diagnostician
    package let carry: Carrier

    package init(log: @escaping LogReader, diagnose: @escaping Diagnostician, carry: @escaping Carrier) {
        self.log = log
        self.diagnose = diagnose
        self.carry = carry
    }
}
