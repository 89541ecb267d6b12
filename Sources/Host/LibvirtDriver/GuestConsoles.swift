import Foundation
package import HostProtocol
import Hypervisor
package import Model
import NIOCore
import NIOPosix

/// Consoles of running guests: the screen by the Unix socket of QEMU's VNC server, the serial line by the terminal that
/// libvirt has made for it.
extension LibvirtDriver {
    private typealias GuestChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    package func carryConsole(_ kind: ConsoleKind, of server: ServerID, _ client: ConsoleEnd) async throws {
        guard try await power(of: server).isOn else { throw HostFailure.isOff(server) }
        let found = try await description(of: server)
        let guest =
            switch kind {
            case .vnc: try await Self.connect(found.screenSocket, of: server)
            case .serial: try await Self.open(found.serialTerminal, of: server)
            }
        do {
            try await guest.executeThenClose { said, writer in
                try await ConsoleCarrier.carry(
                    kind, from: said.map { Array($0.readableBytesView) },
                    to: { try await writer.write(ByteBuffer(bytes: $0)) },
                    endGuest: { guest.channel.close(promise: nil) }, client)
            }
        } catch is IOError {
            return  // The terminal of a guest that goes says so by an error.
        }
    }

    private static func connect(_ path: String?, of server: ServerID) async throws -> GuestChannel {
        guard let path else { throw failure("The server has no screen.", of: server, "no VNC socket") }
        do {
            return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture { try GuestChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            throw failure("The server's screen does not answer.", of: server, "\(path): \(error)")
        }
    }

    private static func open(_ path: String?, of server: ServerID) async throws -> GuestChannel {
        guard let path, path.hasPrefix("/dev/pts/") else {
            throw failure("The server has no serial console.", of: server, "no terminal: \(path ?? "none")")
        }
        // QEMU has made the terminal raw; it must not become this process's own.
        let input = Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        let output = fcntl(input, F_DUPFD_CLOEXEC, 0)
        do {
            guard input >= 0, output >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
            return try await NIOPipeBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .takingOwnershipOfDescriptors(input: input, output: output) { channel in
                    channel.eventLoop.makeCompletedFuture { try GuestChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            for descriptor in [input, output] where descriptor >= 0 { close(descriptor) }
            throw failure("The server's serial console does not answer.", of: server, "\(path): \(error)")
        }
    }

    private static func failure(_ message: String, of server: ServerID, _ detail: String) -> HostFailure {
        HostFailure(message: message, detail: "server \(server): \(detail)")
    }
}
