import Foundation
import NIOCore

/// Who is at the other end of a Unix socket, as the kernel knows it (unix(7), SO_PEERCRED).
enum PeerUser {
    /// The kernel's `struct ucred`.
    private struct Credentials {
        var processID: pid_t
        var userID: uid_t
        var groupID: gid_t
    }

    /// `nil` when the channel is no socket.
    static func of(_ channel: any Channel) async throws -> uid_t? {
        guard let socket = channel as? any SocketOptionProvider else { return nil }
        let credentials: EventLoopFuture<Credentials> = socket.unsafeGetSocketOption(
            level: .init(SOL_SOCKET), name: .init(SO_PEERCRED))
        return try await credentials.map(\.userID).get()
    }
}
