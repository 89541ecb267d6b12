package import HostProtocol
package import Model

/// Carries a console's bytes between a guest and a client until one of them ends.
package enum ConsoleCarrier {
    /// - Parameters:
    ///   - guest: what the guest says, read to its end by nobody else.
    ///   - write: returns when the guest has taken the bytes.
    ///   - endGuest: makes `guest` end; called once the client has left.
    /// - Throws: `HostFailure` when a screen cannot be opened to the client.
    package static func carry<Guest: AsyncSequence>(
        _ kind: ConsoleKind, from guest: Guest, to write: @escaping @Sendable ([UInt8]) async throws -> Void,
        endGuest: @escaping @Sendable () -> Void, _ client: ConsoleEnd
    ) async throws where Guest.Element == [UInt8] {
        var pieces = guest.makeAsyncIterator()
        var early: [UInt8] = []
        if kind == .vnc {
            let rest = try await RFBOpening.run(
                readGuest: { try await pieces.next() }, writeGuest: write, client)
            early = rest.ofClient
            if !rest.ofGuest.isEmpty { try await client.write(rest.ofGuest) }
        }
        try await withThrowingTaskGroup(of: Void.self) { [early] group in
            group.addTask {
                defer { endGuest() }
                if !early.isEmpty { try await write(early) }
                while let bytes = try await client.read() { try await write(bytes) }
            }
            defer { group.cancelAll() }
            while let bytes = try await pieces.next() { try await client.write(bytes) }
        }
    }
}
