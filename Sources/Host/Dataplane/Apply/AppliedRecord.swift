import Foundation
import Logging

/// What was applied last, for the next pass, which may be another process's: what is no longer wanted shows only by
/// comparison. It is kept with dnsmasq's files, where a reboot clears it together with all it tells of.
struct AppliedRecord: Codable {
    /// By namespace.
    var floating: [String: [PlannedFloating]] = [:]
    /// By network: `port address` of each address of a local port, so that an address that changed hands is noticed.
    var addresses: [String: [String]] = [:]
    /// Addresses a LAN interface answers for, and its name: the next process may be told another one, or none.
    var announced: [String] = []
    var announcedOn: String?

    private static func path(_ names: DataplaneNames) -> String { names.runDirectory + "/applied.json" }

    /// The run directory is readable for the group dnsmasq runs in, and for no other.
    static func makeDirectory(_ names: DataplaneNames, group: String) throws {
        if FileManager.default.fileExists(atPath: names.runDirectory) { return }
        try FileManager.default.createDirectory(
            atPath: names.runDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o750, .groupOwnerAccountName: group])
    }

    /// A record that cannot be read is as none: what it would have told is then not noticed, and logged as such.
    static func read(_ names: DataplaneNames, logger: Logger) -> AppliedRecord {
        guard let data = FileManager.default.contents(atPath: path(names)) else { return AppliedRecord() }
        do {
            return try JSONDecoder().decode(AppliedRecord.self, from: data)
        } catch {
            logger.warning("the record of what was applied is unreadable", metadata: ["error": "\(error)"])
            return AppliedRecord()
        }
    }

    func write(_ names: DataplaneNames) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = try encoder.encode(self)
        if FileManager.default.contents(atPath: Self.path(names)) == data { return }
        try data.write(to: URL(fileURLWithPath: Self.path(names)), options: .atomic)
    }
}
