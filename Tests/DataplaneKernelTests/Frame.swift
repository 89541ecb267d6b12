import Foundation
import Glibc
import Model

@testable import Dataplane

/// Ethernet frames made by hand, with right lengths and checksums, so that only what they claim can stop them.
enum Frame {
    static let everyone = "ff:ff:ff:ff:ff:ff"
    private static let plain: [UInt8] = [0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, 0, 0, 0]

    static func ethernet(_ type: UInt16, from source: String, to target: String, _ payload: [UInt8]) throws -> [UInt8] {
        let frame = try MACAddress(planned: target).bytes + MACAddress(planned: source).bytes + big(type) + payload
        return frame + [UInt8](repeating: 0, count: max(0, 60 - frame.count))
    }

    /// An ARP reply that says who has an address. The tag is in the padding behind it.
    static func arp(hardware: String, address: String, tag: String) throws -> [UInt8] {
        try [0, 1, 8, 0, 6, 4, 0, 2] + MACAddress(planned: hardware).bytes + IPAddress(planned: address).bytes
            + MACAddress(planned: "fa:16:3e:01:01:02").bytes + IPAddress(planned: "10.0.0.12").bytes + Array(tag.utf8)
    }

    static func ipv4(from source: String, to target: String, transport: UInt8, _ payload: [UInt8]) throws -> [UInt8] {
        var header = try plain + IPAddress(planned: source).bytes + IPAddress(planned: target).bytes
        header[9] = transport
        header.replaceSubrange(2..<4, with: big(UInt16(20 + payload.count)))
        header.replaceSubrange(10..<12, with: big(checksum(header)))
        return header + payload
    }

    static func ipv6(from source: String, to target: String, next: UInt8, _ payload: [UInt8]) throws -> [UInt8] {
        try [0x60, 0, 0, 0] + big(UInt16(payload.count)) + [next, 255] + IPAddress(planned: source).bytes
            + IPAddress(planned: target).bytes + payload
    }

    /// Without a checksum, which IPv4 allows.
    static func udp(from source: UInt16, to target: UInt16, _ payload: [UInt8]) -> [UInt8] {
        big(source) + big(target) + big(UInt16(8 + payload.count)) + [0, 0] + payload
    }

    static func udp6(
        from source: (address: String, port: UInt16), to target: (address: String, port: UInt16), _ payload: [UInt8]
    ) throws -> [UInt8] {
        let message = udp(from: source.port, to: target.port, payload)
        return try summed(message, at: 6, transport: 17, from: source.address, to: target.address)
    }

    /// - Parameter body: what follows the checksum.
    static func icmp6(_ type: UInt8, from source: String, to target: String, _ body: [UInt8]) throws -> [UInt8] {
        try summed([type, 0, 0, 0] + body, at: 2, transport: 58, from: source, to: target)
    }

    /// An extension header of eight bytes that says nothing (RFC 8200, 4.3 and 4.6: one PadN option).
    static func padding(next: UInt8) -> [UInt8] { [next, 0, 1, 4, 0, 0, 0, 0] }

    static func fragment(next: UInt8, offset: Int, more: Bool) -> [UInt8] {
        [next, 0] + big(UInt16(offset) | (more ? 1 : 0)) + [0x4e, 0x6f, 0x76, 0x61]
    }

    private static func summed(
        _ message: [UInt8], at offset: Int, transport: UInt8, from source: String, to target: String
    ) throws -> [UInt8] {
        let pseudo =
            try IPAddress(planned: source).bytes + IPAddress(planned: target).bytes + big(UInt32(message.count)) + [
                0, 0, 0, transport,
            ]
        var copy = message
        copy.replaceSubrange(offset..<offset + 2, with: big(checksum(pseudo + message)))
        return copy
    }

    private static func big(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// The internet checksum (RFC 1071).
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum = stride(from: 0, to: bytes.count, by: 2).reduce(UInt32(0)) { sum, at in
            sum + UInt32(bytes[at]) << 8 + (at + 1 < bytes.count ? UInt32(bytes[at + 1]) : 0)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }
}

/// Sees and sends whole frames on a namespace's `eth0`.
final class FrameSocket: Sendable {
    private static let everything: UInt16 = 0x0003
    private let descriptor: CInt

    /// Opened on the calling thread, in that thread's namespace.
    init() throws {
        let kind = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_PACKET, kind, Int32(Self.everything.bigEndian))
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        // sockaddr_ll: family, protocol, interface, hardware type, packet type, address length, address.
        var address = [UInt8](repeating: 0, count: 20)
        address.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt16(AF_PACKET), toByteOffset: 0, as: UInt16.self)
            bytes.storeBytes(of: Self.everything.bigEndian, toByteOffset: 2, as: UInt16.self)
            bytes.storeBytes(of: if_nametoindex("eth0"), toByteOffset: 4, as: UInt32.self)
        }
        let bound = address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, 20) }
        }
        guard bound == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    func send(_ frame: [UInt8]) throws {
        guard Glibc.send(descriptor, frame, frame.count, 0) == frame.count else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    /// All frames up to the first that holds the word, or `nil` when that does not come in time.
    func frames(until word: String, within seconds: Double = 5) -> [[UInt8]]? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        var time = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var seen: [[UInt8]] = []
        while Date() < deadline {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { continue }
            seen.append(Array(buffer.prefix(count)))
            if buffer.prefix(count).holds(word) { return seen }
        }
        return nil
    }
}

extension Collection<UInt8> {
    func holds(_ word: String) -> Bool { Array(self).firstRange(of: Array(word.utf8)) != nil }
}

extension Lab {
    func frames(of guest: String) async throws -> FrameSocket {
        try await NamespaceThread.run(in: guestNamespace(guest)) { try FrameSocket() }
    }
}
