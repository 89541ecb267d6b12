import Foundation
import Model

/// What tells the kernel objects of one cloud from those of another on the same machine.
enum CloudTag {
    /// Four hexadecimal digits from the state folder's absolute path.
    static func of(stateDirectory: String) -> String {
        let hash = FNV1a.hash32(URL(filePath: stateDirectory).standardizedFileURL.path)
        let text = String((hash ^ hash >> 16) & 0xffff, radix: 16)
        return String(repeating: "0", count: 4 - text.count) + text
    }

    /// The kernel's id of this boot.
    static func bootID() throws -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let content = FileManager.default.contents(atPath: path) else {
            throw CloudError(.internal, "\(path) cannot be read.")
        }
        return String(decoding: content, as: UTF8.self).filter { !$0.isNewline }
    }
}
