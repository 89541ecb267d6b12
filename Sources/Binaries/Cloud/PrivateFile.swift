import Files
import Foundation
import Model

/// Files that hold secrets: never readable by others, not even while they are made. They outlive a loss of power.
enum PrivateFile {
    /// Puts a file in place whole: a reader, and a start after a crash, finds the old text or the new one.
    static func write(_ text: String, to path: String) throws(CloudError) {
        try StateFile.told { () throws(FileFailure) in
            try DurableFile.replace(path, with: Array(text.utf8), draft: path + ".new")
        }
    }

    /// An empty file, unless there is one already.
    static func make(_ path: String) throws(CloudError) {
        guard access(path, F_OK) != 0 else { return }
        try StateFile.told { () throws(FileFailure) in
            close(try DurableFile.create(path))
            try DurableFile.sync(DurableFile.parent(of: path))
        }
    }
}

/// The files of a state folder, in the words of the one who operates the cloud.
enum StateFile {
    static func told(_ body: () throws(FileFailure) -> Void) throws(CloudError) {
        do {
            try body()
        } catch {
            throw CloudError(
                .internal, "\(error.path) cannot be written to the disk (\(error.call)): \(error.reason).")
        }
    }
}
