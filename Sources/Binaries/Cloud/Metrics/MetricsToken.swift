import Cryptography
import Foundation

/// What a collector of metrics on this machine sends; it lies in the state folder, for those who may read there.
struct MetricsToken: Sendable {
    private let header: [UInt8]

    /// The one that is kept, or a new one.
    init(in directory: String) throws {
        let path = directory + "/metrics-token"
        var text = ""
        if FileManager.default.fileExists(atPath: path) {
            text = try String(contentsOfFile: path, encoding: .utf8).filter { !$0.isNewline }
        }
        if text.isEmpty {
            text = hexDigits(Secrets.random(32))
            try PrivateFile.write(text + "\n", to: path)
        }
        header = Array("Bearer \(text)".utf8)
    }

    /// Compares in constant time.
    func matches(_ authorization: String) -> Bool {
        Secrets.areEqual(Array(authorization.utf8), header)
    }
}
