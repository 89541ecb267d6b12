import Foundation
import Model

/// Options in a file, as dnsmasq has them: each line is a long option without its dashes.
///
///     # comment
///     port = 8774
package enum ConfigurationFile {
    /// Puts the options of the file that `--config` names in its place, before all others that follow the verb; so what
    /// the command line says itself comes later and wins.
    package static func expand(_ arguments: [String]) throws -> [String] {
        guard let place = arguments.firstIndex(where: { $0 == "--config" || $0.hasPrefix("--config=") }) else {
            return arguments
        }
        var rest = arguments
        let word = rest.remove(at: place)
        let path: String
        if word == "--config" {
            guard rest.indices.contains(place) else { throw CloudError.badRequest("--config names no file.") }
            path = rest.remove(at: place)
        } else {
            path = String(word.dropFirst("--config=".count))
        }
        guard let content = FileManager.default.contents(atPath: path) else {
            throw CloudError(.notFound, "The configuration \(path) cannot be read.")
        }
        let verb = rest.first.map { $0.hasPrefix("-") ? 0 : 1 } ?? 0
        rest.insert(contentsOf: try options(in: String(decoding: content, as: UTF8.self), of: path), at: verb)
        return rest
    }

    static func options(in text: String, of path: String) throws -> [String] {
        var options: [String] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, !parts[1].isEmpty, isName(parts[0]) else {
                throw CloudError.badRequest(
                    "\(path), line \(index + 1): '\(line)' is not 'name = value' with the name of a long option.")
            }
            options.append("--\(parts[0])=\(parts[1])")
        }
        return options
    }

    private static func isName(_ text: String) -> Bool {
        text != "config" && text.first?.isLetter == true
            && text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }
}
