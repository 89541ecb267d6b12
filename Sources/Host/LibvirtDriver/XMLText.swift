/// Writes XML, indented, with everything escaped that comes from outside.
struct XMLText {
    private(set) var text = ""
    private var depth = 0

    mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ body: ((inout Self) -> Void)? = nil
    ) {
        open(name, attributes)
        guard let body else {
            text += "/>\n"
            return
        }
        text += ">\n"
        depth += 1
        body(&self)
        depth -= 1
        indent()
        text += "</\(name)>\n"
    }

    mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], content: String) {
        open(name, attributes)
        text += ">\(Self.escape(content))</\(name)>\n"
    }

    private mutating func open(_ name: String, _ attributes: KeyValuePairs<String, String>) {
        indent()
        text += "<\(name)"
        for (key, value) in attributes { text += " \(key)='\(Self.escape(value))'" }
    }

    private mutating func indent() {
        text += String(repeating: "  ", count: depth)
    }

    /// Characters that XML 1.0 cannot hold become U+FFFD; line ends become spaces, as attributes would make them.
    static func escape(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "'": result += "&apos;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += " "
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
