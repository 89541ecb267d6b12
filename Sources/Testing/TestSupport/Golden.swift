import Foundation

/// Texts kept under `Tests/Golden`.
package enum Golden {
    /// The kept text; `NOVELLA_WRITE_GOLDEN=1` makes `text` the kept one first.
    package static func text(_ name: String, rewrittenWith text: String, testFile: String = #filePath) throws -> String
    {
        let folder = URL(filePath: testFile).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Golden/\(name)")
        if ProcessInfo.processInfo.environment["NOVELLA_WRITE_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return try String(contentsOf: file, encoding: .utf8)
    }
}
