import Foundation

/// A text in the sources that is a statement or a part of one.
struct SQLLiteral: CustomStringConvertible {
    var file: String
    /// What stands between interpolations, each with single spaces.
    var pieces: [String]
    /// The type before it in the call, as in `fetch(Server.self, "WHERE ...")`.
    var recordType: String?

    var description: String { "\(file): \(pieces.joined(separator: "\\(...)"))" }

    func occurs(in statement: String) -> Bool {
        var rest = Substring(statement)
        for piece in pieces where !piece.isEmpty {
            guard let found = rest.range(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }

    static func normalised(_ text: some StringProtocol) -> String {
        String(text).replacing(/\s+/, with: " ")
    }

    /// All of one source text.
    static func all(in source: String, file: String) -> [SQLLiteral] {
        var found: [SQLLiteral] = []
        var at = source.startIndex
        while let quote = source[at...].firstIndex(where: { $0 == "\"" || $0 == "/" }) {
            if source[quote...].hasPrefix("//") {
                at = source[quote...].firstIndex(of: "\n") ?? source.endIndex
                continue
            }
            guard source[quote] == "\"" else {
                at = source.index(after: quote)
                continue
            }
            let (pieces, end) = pieces(of: source, from: quote)
            if isSQL(pieces[0]) {
                found.append(
                    SQLLiteral(file: file, pieces: pieces, recordType: recordType(before: source[..<quote])))
            }
            at = end
        }
        return found
    }

    private static func isSQL(_ text: String) -> Bool {
        text.contains(#/^ ?(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|ORDER BY|ON CONFLICT|LIMIT|WITH) /#)
    }

    private static func recordType(before text: Substring) -> String? {
        text.suffix(60).firstMatch(of: /(\w+)\.self,\s*$/).map { String($0.1) }
    }

    private static func pieces(of source: String, from quote: String.Index) -> ([String], end: String.Index) {
        let mark = source[quote...].hasPrefix("\"\"\"") ? "\"\"\"" : "\""
        var at = source.index(quote, offsetBy: mark.count)
        var pieces = [""]
        while at < source.endIndex, !source[at...].hasPrefix(mark) {
            if source[at...].hasPrefix("\\(") {
                at = endOfInterpolation(in: source, from: source.index(at, offsetBy: 2))
                pieces.append("")
                continue
            }
            if source[at] == "\\" { at = source.index(after: at) }
            if at < source.endIndex {
                pieces[pieces.count - 1].append(source[at])
                at = source.index(after: at)
            }
        }
        let end = source.index(at, offsetBy: mark.count, limitedBy: source.endIndex) ?? source.endIndex
        pieces = pieces.map { normalised($0) }
        if mark.count > 1 {
            pieces[0] = String(pieces[0].drop { $0 == " " })
            if pieces[pieces.count - 1].hasSuffix(" ") { pieces[pieces.count - 1].removeLast() }
        }
        return (pieces, end)
    }

    private static func endOfInterpolation(in source: String, from start: String.Index) -> String.Index {
        var at = start
        var depth = 1
        while at < source.endIndex, depth > 0 {
            if source[at] == "\"" {
                at = pieces(of: source, from: at).end
                continue
            }
            if source[at] == "(" { depth += 1 }
            if source[at] == ")" { depth -= 1 }
            at = source.index(after: at)
        }
        return at
    }
}
