import Foundation
import Wire

/// The names under which a network's DHCP knows a port.
enum PortNames {
    /// What comes before an address in the addresses as the store keeps them.
    private static let mark: StaticString = "\"ip_address\":\""

    /// Of the port's name and its addresses as the store keeps them.
    @Sendable
    static func assignment(
        _ name: UnsafeBufferPointer<UInt8>, _ addresses: UnsafeBufferPointer<UInt8>, _ writer: inout JSONWriter
    ) {
        writer.array { writer in
            var rest = addresses[...]
            while let address = nextAddress(in: &rest) {
                writer.object { writer in
                    if name.isEmpty {
                        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: address.count) { dashed in
                            for (place, byte) in address.enumerated() {
                                let isSeparator = byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
                                dashed[place] = isSeparator ? UInt8(ascii: "-") : byte
                            }
                            write("host-", UnsafeBufferPointer(dashed), &writer)
                        }
                    } else {
                        write("", name, &writer)
                    }
                    writer.field("ip_address", utf8: address)
                }
            }
        }
    }

    private static func write(
        _ start: StaticString, _ name: UnsafeBufferPointer<UInt8>, _ writer: inout JSONWriter
    ) {
        writer.field("hostname", start, utf8: name, "")
        writer.field("fqdn", start, utf8: name, ".novella.internal.")
    }

    private static func nextAddress(
        in rest: inout Slice<UnsafeBufferPointer<UInt8>>
    ) -> UnsafeBufferPointer<UInt8>? {
        let mark = UnsafeBufferPointer(start: mark.utf8Start, count: mark.utf8CodeUnitCount)
        while skipToQuote(&rest) {
            guard rest.starts(with: mark) else {
                rest = rest.dropFirst()
                continue
            }
            rest = rest.dropFirst(mark.count)
            let start = rest.startIndex
            guard skipToQuote(&rest) else { return nil }
            return UnsafeBufferPointer(rebasing: rest.base[start..<rest.startIndex])
        }
        return nil
    }

    /// `false` when there is none.
    private static func skipToQuote(_ rest: inout Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let text = UnsafeBufferPointer(rebasing: rest)
        guard let start = text.baseAddress, let quote = memchr(start, Int32(UInt8(ascii: "\"")), text.count) else {
            return false
        }
        rest = rest.dropFirst(UnsafeRawPointer(start).distance(to: quote))
        return true
    }
}
