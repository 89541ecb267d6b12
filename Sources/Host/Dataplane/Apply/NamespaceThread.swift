import CNamespace
import Foundation
import Glibc
import Model

/// Work inside a network namespace, on a thread that enters it and then ends: a thread's namespace is its own, and no
/// pool thread ever changes it.
enum NamespaceThread {
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let namespace: String
        let code: Int32

        var description: String { "\(call) in namespace \(namespace): \(String(cString: strerror(code)))" }
    }

    static func run<Value: Sendable>(
        in namespace: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        try enter(namespace)
                        return try work()
                    })
            }.start()
        }
    }

    private static func enter(_ namespace: String) throws {
        let descriptor = open("\(NamespaceApplier.directory)/\(namespace)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(call: "open", namespace: namespace, code: errno) }
        defer { close(descriptor) }
        guard novella_enter_network_namespace(descriptor) == 0 else {
            throw Failure(call: "setns", namespace: namespace, code: errno)
        }
    }

    /// A listening TCP socket inside the namespace. The caller owns the descriptor.
    static func listen(in namespace: String, address: String, port: UInt16) async throws -> CInt {
        try await run(in: namespace) {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw Failure(call: "socket", namespace: namespace, code: errno) }
            var on: CInt = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            inet_pton(AF_INET, address, &name.sin_addr)
            let bound = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard bound == 0, Glibc.listen(descriptor, 128) == 0 else {
                let code = errno
                close(descriptor)
                throw Failure(call: "bind and listen on \(address):\(port)", namespace: namespace, code: code)
            }
            return descriptor
        }
    }

    /// Tells the segment who has an address now (RFC 5227, section 3).
    static func announce(_ address: IPAddress, mac: MACAddress, link: String, in namespace: String) async throws {
        try await run(in: namespace) {
            guard novella_announce_ipv4(link, mac.bytes, address.bytes) == 0 else {
                throw Failure(call: "announce \(address)", namespace: namespace, code: errno)
            }
        }
    }
}
