import Synchronization

/// A client of a WebSocket that may do what none should. What the server says is taken message by message.
package final class WebSocketClient: Sendable {
    package struct Message: Sendable, Equatable {
        package var opcode: UInt8
        package var payload: [UInt8]

        package init(_ opcode: UInt8, _ payload: [UInt8]) {
            self.opcode = opcode
            self.payload = payload
        }

        package static func bytes(_ payload: [UInt8]) -> Message { Message(2, payload) }

        /// Of a close.
        package var code: Int { payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } }
        package var reason: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
    }

    package let connection: RawConnection
    /// The head of the server's answer.
    package let head: String
    private let taken: Mutex<Int>

    /// Sends the request and waits for the head of its answer.
    package init(_ connection: RawConnection, path: String, headers: [String] = []) async throws {
        self.connection = connection
        let start = connection.bytes.count
        let lines =
            [
                "GET \(path) HTTP/1.1", "Host: cloud.test", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ] + headers
        try await connection.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        let end = Array("\r\n\r\n".utf8)
        try await eventually("an answer to the request") {
            connection.bytes.dropFirst(start).firstRange(of: end) != nil
        }
        let bytes = connection.bytes
        let after = bytes.dropFirst(start).firstRange(of: end)?.upperBound ?? bytes.count
        head = String(decoding: bytes[start..<after], as: UTF8.self)
        taken = Mutex(after)
    }

    package func send(_ bytes: [UInt8], opcode: UInt8 = 2, isMasked: Bool = true) async throws {
        let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        var frame: [UInt8] = [0x80 | opcode]
        let bit: UInt8 = isMasked ? 0x80 : 0
        switch bytes.count {
        case ..<126: frame.append(bit | UInt8(bytes.count))
        case ..<65_536: frame += [bit | 126, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
        default:
            frame.append(bit | 127)
            frame += (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (56 - 8 * $0)) }
        }
        if isMasked { frame += mask }
        frame += isMasked ? bytes.enumerated().map { $1 ^ mask[$0 % 4] } : bytes
        try await connection.send(frame)
    }

    /// The next message; `nil` when the server hangs up without one.
    package func next() async throws -> Message? {
        var found: Message?
        try await eventually("a message, or the end") {
            let isOpen = connection.isOpen
            let bytes = connection.bytes
            found = taken.withLock { taken in
                guard let (message, length) = Self.message(bytes[taken...]) else { return nil }
                taken += length
                return message
            }
            return found != nil || !isOpen
        }
        return found
    }

    /// What the server says until so many bytes have come, whatever its messages are.
    package func bytes(_ count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, let message = try await next(), message.opcode == 2 { bytes += message.payload }
        return bytes
    }

    private static func message(_ bytes: ArraySlice<UInt8>) -> (Message, length: Int)? {
        let bytes = Array(bytes)
        guard bytes.count >= 2 else { return nil }
        let extra = bytes[1] == 126 ? 2 : bytes[1] == 127 ? 8 : 0
        guard bytes.count >= 2 + extra else { return nil }
        let count = extra == 0 ? Int(bytes[1]) : bytes[2..<2 + extra].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 2 + extra + count else { return nil }
        return (Message(bytes[0] & 0x0f, Array(bytes[(2 + extra)..<(2 + extra + count)])), 2 + extra + count)
    }
}
