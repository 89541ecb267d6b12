import HostProtocol

/// The opening of the remote framebuffer protocol, up to the messages of both sides (RFC 6143, 7.1): with the guest's
/// screen as its client and with the client as its server, version 3.8 and no password. What either side says before
/// both have agreed goes no further.
enum RFBOpening {
    /// What was read beyond the opening.
    typealias Rest = (ofGuest: [UInt8], ofClient: [UInt8])

    private static let version = Array("RFB 003.008\n".utf8)
    private static let none: UInt8 = 1

    static func run(
        readGuest: () async throws -> [UInt8]?, writeGuest: ([UInt8]) async throws -> Void, _ client: ConsoleEnd
    ) async throws -> Rest {
        var (guestBytes, clientBytes) = (ByteQueue(), ByteQueue())
        let guestVersion = try await guestBytes.take(version.count, readGuest)
        guard guestVersion == version else { throw refusal("The screen's server speaks \(quoted(guestVersion)).") }
        try await client.write(version)
        let clientVersion = try await clientBytes.take(version.count, client.read)
        guard clientVersion == version else { throw refusal("The client speaks \(quoted(clientVersion)).") }
        try await writeGuest(version)
        let count = Int(try await guestBytes.take(1, readGuest)[0])
        let kinds = try await guestBytes.take(count, readGuest)
        guard !kinds.isEmpty else {
            throw refusal("The screen's server says: \(quoted(try await guestBytes.takeReason(readGuest))).")
        }
        guard kinds.contains(none) else {
            throw refusal("The screen's server wants one of the security types \(kinds).")
        }
        try await client.write([1, none])
        let chosen = try await clientBytes.take(1, client.read)
        guard chosen == [none] else { throw refusal("The client has chosen security type \(chosen[0]).") }
        try await writeGuest([none])
        guard try await guestBytes.take(4, readGuest) == [0, 0, 0, 0] else {
            throw refusal("The screen's server says: \(quoted(try await guestBytes.takeReason(readGuest))).")
        }
        try await client.write([0, 0, 0, 0])
        return (guestBytes.pending, clientBytes.pending)
    }

    private static func refusal(_ why: String) -> HostFailure {
        HostFailure(
            message: "The screen is opened by RFB 3.8 without a password, and here it cannot be.", detail: why)
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        "'\(String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline })'"
    }
}

/// Bytes that come piece by piece and are taken by number.
private struct ByteQueue {
    private(set) var pending: [UInt8] = []

    mutating func take(_ count: Int, _ next: () async throws -> [UInt8]?) async throws -> [UInt8] {
        while pending.count < count {
            guard let more = try await next() else {
                throw HostFailure(message: "The console was closed while it was opened.", detail: "RFB")
            }
            pending += more
        }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    /// A text with its length in four bytes before it; the beginning of a long one.
    mutating func takeReason(_ next: () async throws -> [UInt8]?) async throws -> [UInt8] {
        let length = try await take(4, next).reduce(0) { $0 << 8 | Int($1) }
        return try await take(min(length, 1024), next)
    }
}
