import Foundation
import Glibc
import Synchronization

@testable import Dataplane

/// A TCP socket that was opened inside a namespace and can be used from anywhere.
final class Socket: Sendable {
    let descriptor: CInt

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static func make(timeout: Double) -> CInt {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        limit(descriptor, timeout)
        return descriptor
    }

    private static func limit(_ descriptor: CInt, _ seconds: Double) {
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int((seconds - seconds.rounded(.down)) * 1_000_000))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func withAddress(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    static func listener(_ address: String, _ port: UInt16) -> Socket {
        let descriptor = make(timeout: 3)
        _ = withAddress(address, port) { bind(descriptor, $0, $1) }
        _ = listen(descriptor, 16)
        return Socket(descriptor)
    }

    /// `nil` when no answer came in time, or the connection was refused.
    static func connection(
        to address: String, _ port: UInt16, from source: (String, UInt16)? = nil, timeout: Double
    ) -> Socket? {
        let descriptor = make(timeout: timeout)
        let socket = Socket(descriptor)
        if let source { _ = withAddress(source.0, source.1) { bind(descriptor, $0, $1) } }
        return withAddress(address, port) { Glibc.connect(descriptor, $0, $1) } == 0 ? socket : nil
    }

    /// The accepted connection and the peer's address.
    func accept() -> (Socket, String)? {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let accepted = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.accept(descriptor, $0, &length) }
        }
        if accepted < 0 { return nil }
        var text = [CChar](repeating: 0, count: 64)
        inet_ntop(AF_INET, &name.sin_addr, &text, 64)
        return (
            Socket(accepted), String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        )
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What arrives within the time; `nil` for nothing.
    func receive(within seconds: Double = 3) -> String? {
        Self.limit(descriptor, seconds)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }

    /// All that arrives until the other side closes, or nothing has come for a while.
    func receiveToEnd() -> String {
        var text = ""
        while let piece = receive() { text += piece }
        return text
    }

    private static let patience = 25.0

    /// Whether all of it goes out, without a long pause.
    func sends(_ text: String) -> Bool {
        Self.limit(descriptor, Self.patience)
        var left = Array(text.utf8)[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            left = left.dropFirst(count)
        }
        return true
    }

    /// Whether so many bytes arrive, without a long pause.
    func receives(_ count: Int) -> Bool {
        var left = count
        while left > 0 {
            guard let piece = receive(within: Self.patience) else { return false }
            left -= piece.utf8.count
        }
        return true
    }
}

/// Two ends of a connection that speak in turn, until they are told to stop or one hears nothing any more.
final class Conversation: Sendable {
    private struct State {
        var rounds = 0
        var isBroken = false
        var isStopped = false
    }

    private let state = Mutex(State())

    /// How often each has spoken.
    var rounds: Int { state.withLock { $0.rounds } }
    var isBroken: Bool { state.withLock { $0.isBroken } }

    init(_ client: Socket, _ server: Socket) {
        let words = String(repeating: "x", count: 10_000)
        Thread { [self] in
            while !state.withLock({ $0.isStopped || $0.isBroken }) {
                let isHeard = client.sends(words) && server.receives(words.utf8.count)
                let isAnswered = isHeard && server.sends(words) && client.receives(words.utf8.count)
                state.withLock { state in
                    state.rounds += 1
                    state.isBroken = !isAnswered
                }
                // A pace that leaves the machine to the tests.
                Thread.sleep(forTimeInterval: 0.02)
            }
        }.start()
    }

    /// Whether it goes on, and not only did.
    func goesOn() async throws -> Bool {
        let before = rounds
        return try await eventually(within: 30) { isBroken || rounds > before + 3 } && !isBroken
    }

    func stop() { state.withLock { $0.isStopped = true } }
}
