package import HostProtocol
package import Hypervisor
package import Model

/// Where a server's files are once they are made.
package struct PreparedFiles: Sendable, Equatable {
    package var disks: [DomainSpec.Disk]
    package var consoleLogPath: String
    package var vncSocketPath: String

    package init(disks: [DomainSpec.Disk], consoleLogPath: String, vncSocketPath: String) {
        self.disks = disks
        self.consoleLogPath = consoleLogPath
        self.vncSocketPath = vncSocketPath
    }
}

/// The files of servers on one host. Two exist: real ones, and those of the simulated cloud.
///
/// Errors are `HostFailure`, with a message for the user.
package protocol HostStorage: Sendable {
    /// Makes what is missing of the server's disks, and touches none that is there; safe to repeat after a crash at any
    /// point. `imageContent` is read only when the cache lacks the image; two servers that need one image fetch it
    /// once.
    func prepare(
        _ desired: DesiredServer,
        imageContent: @Sendable @escaping (ImageID) async throws -> AsyncThrowingStream<[UInt8], any Error>,
        configDrive: @Sendable @escaping () async throws -> [ConfigDriveFile]
    ) async throws -> PreparedFiles
    /// Takes away the disks of the server that a document has no more, which no guest uses.
    func removeSurplus(_ desired: DesiredServer) async throws
    /// Takes the server's files away; nothing is wrong when there are none.
    func remove(_ server: ServerID) async throws
    /// The servers with files on this host.
    func preparedServers() async throws -> Set<ServerID>
    /// Deletes cached images that no server on this host needs and that none has needed for `age`.
    func removeUnusedImages(unusedFor age: Duration) async throws -> ImageSweep
    /// The tail of the serial log; empty when there is none.
    func consoleTail(_ server: ServerID, maxBytes: Int) async throws -> [UInt8]
    /// How long the serial log is; `nil` where guests have none.
    func consoleSize(_ server: ServerID) async throws -> Int64?
    /// Where a copy of a disk for a command is to be written; nothing is there. Copies of the server for other commands
    /// are taken away.
    ///
    /// - Throws: when there may not be room for it.
    func beginCopy(of disk: DomainSpec.Disk, for command: HostCommandID, of server: ServerID) async throws -> String
    /// Copies a disk that nobody writes to into a qcow2 file that stands on no other.
    func copyAtRest(_ disk: DomainSpec.Disk, to path: String) async throws
    /// The file that `beginCopy` has named was written: from now on it is the command's, until the machine starts anew.
    ///
    /// - Throws: when it is not whole, or somebody still writes to it.
    func keepCopy(
        _ path: String, _ report: SnapshotReport, boot: String, for command: HostCommandID, of server: ServerID
    ) async throws -> DiskCopy
    /// What was kept for the command in this boot of the machine: a file that nobody has synced does not outlive it.
    func copy(for command: HostCommandID, of server: ServerID, boot: String) async throws -> DiskCopy?
    /// Bytes of a copy that was kept; none from its end on.
    func read(_ copy: DiskCopy, at offset: Int64, count: Int) async throws -> [UInt8]
    /// Takes all copies of the server's disks away.
    func removeCopies(of server: ServerID) async throws
    /// Writes down that a guest may be frozen, or that it is not any more.
    func noteFreeze(of server: ServerID, _ isOwed: Bool) async throws
    /// The guests of which that was written down.
    func notedFreezes() async throws -> Set<ServerID>
    /// Returns when a file could be written; throws what hinders it.
    func check() async throws
    /// What the agent must not forget of a server: its highest epoch, tombstone and commands. Durable on return.
    func saveRecord(_ record: ServerRecord) async throws
    func loadRecords() async throws -> [ServerRecord]
    /// Forgets a server; nothing is wrong when it is unknown.
    func removeRecord(_ server: ServerID) async throws
}

/// What a look through the image cache has found and done. Names are those of files.
package struct ImageSweep: Sendable, Equatable {
    package var removed: [String]
    /// Files that are no images; they are left alone.
    package var unknownFiles: [String]

    package init(removed: [String] = [], unknownFiles: [String] = []) {
        self.removed = removed
        self.unknownFiles = unknownFiles
    }
}
