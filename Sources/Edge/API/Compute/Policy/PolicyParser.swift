/// Reads an expression such as `role:auditor and not (project_id:%(project_id)s or rule:context_is_admin)`.
struct PolicyParser {
    struct Flaw: Error {
        let reason: String
    }

    private static let depth = 20

    private var words: ArraySlice<String>

    static func parse(_ text: String) throws(Flaw) -> PolicyCheck {
        var parser = PolicyParser(words: words(of: text)[...])
        let check = try parser.any(0)
        if let word = parser.words.first { throw Flaw(reason: "'\(word)' stands where 'and' or 'or' is expected") }
        return check
    }

    /// Parentheses are words, save those of `%(project_id)s`.
    private static func words(of text: String) -> [String] {
        text.replacing("%(", with: "%<").replacing(")s", with: ">s").replacing("(", with: " ( ")
            .replacing(")", with: " ) ").split(whereSeparator: \.isWhitespace)
            .map { String($0).replacing("%<", with: "%(").replacing(">s", with: ")s") }
    }

    private mutating func any(_ depth: Int) throws(Flaw) -> PolicyCheck {
        var parts = [try all(depth)]
        while words.first?.lowercased() == "or" {
            words.removeFirst()
            parts.append(try all(depth))
        }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func all(_ depth: Int) throws(Flaw) -> PolicyCheck {
        var parts = [try one(depth)]
        while words.first?.lowercased() == "and" {
            words.removeFirst()
            parts.append(try one(depth))
        }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func one(_ depth: Int) throws(Flaw) -> PolicyCheck {
        guard depth < Self.depth else { throw Flaw(reason: "it is nested more than \(Self.depth) times") }
        guard let word = words.popFirst() else { throw Flaw(reason: "it ends where a check is expected") }
        switch word.lowercased() {
        case "not": return .not(try one(depth + 1))
        case "(":
            let inner = try any(depth + 1)
            guard words.popFirst() == ")" else { throw Flaw(reason: "a parenthesis is not closed") }
            return inner
        case "@": return .always
        case "!": return .never
        default: return try check(word)
        }
    }

    private func check(_ word: String) throws(Flaw) -> PolicyCheck {
        let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw Flaw(reason: "'\(word)' is no check") }
        let (kind, value) = (parts[0], parts[1])
        switch (kind, value) {
        case ("project_id", "%(project_id)s"), ("tenant_id", "%(tenant_id)s"): return .ownProject
        case ("user_id", "%(user_id)s"): return .ownUser
        case ("is_admin", "True"): return .rule("context_is_admin")
        case _ where value.contains("%"):
            throw Flaw(reason: "'\(word)' compares with what is not known here")
        case ("role", _): return .role(value.lowercased())
        case ("rule", _): return .rule(value)
        case ("project_id", _): return .project(value)
        case ("user_id", _): return .user(value)
        default: throw Flaw(reason: "'\(kind)' is no kind of check that is known here")
        }
    }
}
