extension JSONWriter {
    /// A tree as it was parsed.
    package mutating func value(_ tree: JSONValue) {
        switch tree {
        case .null: null()
        case .bool(let flag): value(flag)
        case .integer(let number): value(number)
        case .real(let number): raw("\(number)")
        case .string(let text): value(text)
        case .array(let items):
            array { writer in
                for item in items { writer.value(item) }
            }
        case .object(let members):
            object { writer in
                for member in members {
                    writer.key(text: member.key)
                    writer.value(member.value)
                }
            }
        }
    }
}

extension JSONValue {
    /// The tree as JSON text.
    package var jsonText: String {
        var writer = JSONWriter()
        writer.value(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
