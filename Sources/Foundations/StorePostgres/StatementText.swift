/// Statement text as PostgreSQL reads it.
enum StatementText {
    /// Writes `?1` as `$1`. What stands between quotes is left as it is.
    static func translated(_ sql: String) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(sql.utf8.count)
        var quote: UInt8?
        for byte in sql.utf8 {
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: "?") {
                text.append(UInt8(ascii: "$"))
                continue
            }
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
