package import HostProtocol

/// A whole copy of a server's disk, on its way to an image.
package struct DiskCopy: Codable, Sendable, Equatable {
    package var path: String
    /// Bytes of the file.
    package var size: Int64
    /// Which start of the machine it was made after.
    package var boot: String
    package var report: SnapshotReport

    package init(path: String, size: Int64, boot: String, report: SnapshotReport) {
        self.path = path
        self.size = size
        self.boot = boot
        self.report = report
    }
}
