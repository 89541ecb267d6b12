/// What of a guest can be opened for a client to read and write.
package enum ConsoleKind: String, Codable, Sendable, CaseIterable {
    /// Its screen, keyboard and pointer.
    case vnc
    case serial
}

/// Leave to open a console of one server on one host, for whoever knows the token. The token itself is kept nowhere.
package struct ConsoleToken: Sendable, Equatable {
    /// SHA-256 of the token, hexadecimal.
    package var hash: String
    package var serverID: ServerID
    package var hostID: HostID
    package var kind: ConsoleKind
    package var expiresAt: Timestamp

    package init(hash: String, serverID: ServerID, hostID: HostID, kind: ConsoleKind, expiresAt: Timestamp) {
        self.hash = hash
        self.serverID = serverID
        self.hostID = hostID
        self.kind = kind
        self.expiresAt = expiresAt
    }
}
