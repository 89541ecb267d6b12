import Foundation
import NIOCore

/// Who is at the other end of a Unix socket, as the kernel knows it (unix(7), SO_PEERCRED): its `struct ucred`.
struct PeerProcess: Sendable {
    var processID: pid_t
    var userID: uid_t
    var groupID: gid_t

    /// `nil` when the channel is no socket.
    static func of(_ channel: any Channel) async throws -> PeerProcess? {
        guard let socket = channel as? any SocketOptionProvider else { return nil }
        return try await socket.unsafeGetSocketOption(level: .init(SOL_SOCKET), name: .init(SO_PEERCRED)).get()
    }
}
