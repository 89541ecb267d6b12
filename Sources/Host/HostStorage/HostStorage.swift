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
    /// Takes the server's files away; nothing is wrong when there are none.
    func remove(_ server: ServerID) async throws
    /// The servers with files on this host.
    func preparedServers() async throws -> Set<ServerID>
    /// Deletes cached images that no server on this host needs and that none has needed for `age`.
    func removeUnusedImages(unusedFor age: Duration) async throws -> ImageSweep
    /// The tail of the serial log; empty when there is none.
    func consoleTail(_ server: ServerID, maxBytes: Int) async throws -> [UInt8]
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
