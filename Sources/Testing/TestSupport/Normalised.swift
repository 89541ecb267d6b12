import Foundation

/// Texts without what differs from run to run: ids by order of appearance, times, MAC addresses, and random bytes.
package enum Normalised {
    package static func text(_ text: String) -> String {
        var text = text
        for (name, pattern) in [
            ("uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            ("host", "\\b[0-9a-f]{56}\\b"), ("id", "\\b[0-9a-f]{32}\\b"), ("mac", "fa:16:3e(?::[0-9a-f]{2}){3}"),
            ("tap", "\\btap[0-9a-f-]{11}"), ("reservation", "\\br-[0-9a-z]{8}\\b"),
            ("instance", "\\bi(?:nstance)?-[0-9a-f]{8}\\b"),

            ("time", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z?"),
            ("seed", "(?<=\"random_seed\":\")[^\"]*"),
        ] {
            text = replace(pattern, with: name, in: text)
        }
        return text
    }

    private static func replace(_ pattern: String, with name: String, in text: String) -> String {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return "bad pattern \(pattern)" }
        let whole = NSRange(text.startIndex..., in: text)
        var seen: [String] = []
        var result = ""
        var end = text.startIndex
        for match in expression.matches(in: text, range: whole) {
            guard let range = Range(match.range, in: text) else { continue }
            let found = String(text[range])
            if !seen.contains(found) { seen.append(found) }
            let number = (seen.firstIndex(of: found) ?? 0) + 1
            result += text[end..<range.lowerBound] + (name == "time" ? "<time>" : "<\(name)-\(number)>")
            end = range.upperBound
        }
        return result + text[end...]
    }
}
