package import Wire

extension AttributeTable {
    /// The table as a JSON schema (draft 4), for services that show theirs.
    package func writeSchema(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("name", singular)
            writer.object("properties") { writer in
                for attribute in attributes where attribute.isInSchema {
                    writer.key(text: attribute.name)
                    writer.object { attribute.writeSchema(to: &$0) }
                }
            }
            if extras == nil {
                writer.field("additionalProperties", false)
            } else {
                writer.object("additionalProperties") { $0.field("type", "string") }
            }
        }
    }
}

extension Attribute {
    fileprivate var isInSchema: Bool {
        if case .never = shown { false } else { true }
    }

    fileprivate func writeSchema(to writer: inout JSONWriter) {
        var isNullable = false
        if case .none = null { isNullable = true }
        if creation == .never, change == .never {
            writer.field("readOnly", true)
            isNullable = true
        }
        type.writeSchema(nullable: isNullable, to: &writer)
    }
}

extension AttributeType {
    fileprivate func writeSchema(nullable: Bool, to writer: inout JSONWriter) {
        func name(_ type: String, _ writer: inout JSONWriter) {
            if nullable { writer.field("type", strings: ["null", type]) } else { writer.field("type", type) }
        }
        switch self {
        case .text(let length):
            name("string", &writer)
            writer.field("maxLength", length.upperBound)
        case .word(let words):
            name("string", &writer)
            writer.array("enum") { writer in
                if nullable { writer.null() }
                for word in words { writer.value(word) }
            }
        case .uuid:
            name("string", &writer)
            writer.field(
                "pattern",
                "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$")
        case .anyOf: name("string", &writer)
        case .integer(let range):
            name("integer", &writer)
            writer.field("minimum", range.lowerBound)
        case .number: name("integer", &writer)
        case .boolean: name("boolean", &writer)
        case .time: name("string", &writer)
        case .list(let type):
            name("array", &writer)
            writer.object("items") { type.writeSchema(nullable: false, to: &$0) }
        case .object: name("object", &writer)
        case .checked(let type, _): type.writeSchema(nullable: nullable, to: &writer)
        }
    }
}
