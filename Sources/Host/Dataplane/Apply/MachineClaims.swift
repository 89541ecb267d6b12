import Foundation
import Model

/// What the clouds of one machine share, kept where a reboot clears it: conntrack zones, and settings that the last to
/// leave puts back.
struct MachineClaims {
    static let forwarding = "net/ipv4/ip_forward"
    /// Conntrack then takes a segment beyond the window it knows as part of its connection. Without it, a connection
    /// that went on while a flushed table did not mark its packets is stuck when the table is back. Both ends look at
    /// the window themselves.
    static let liberalWindows = "net/netfilter/nf_conntrack_tcp_be_liberal"

    var names: DataplaneNames
    private let root = "/run/novella"

    init(names: DataplaneNames) {
        self.names = names
    }

    /// The zone of each network: what was claimed before, and new claims for the rest. Zones of networks that are not
    /// listed are returned as well, so that they can be emptied and released.
    func zones(for networks: [NetworkID]) throws -> (wanted: [NetworkID: Int], stale: [Int]) {
        try makeDirectory("zones")
        var owned = try claimedZones()
        for network in networks where owned[network] == nil { owned[network] = try claimZone(network) }
        let wanted = owned.filter { networks.contains($0.key) }
        return (wanted, owned.filter { !networks.contains($0.key) }.map(\.value).sorted())
    }

    func claimedZones() throws -> [NetworkID: Int] {
        guard FileManager.default.fileExists(atPath: "\(root)/zones") else { return [:] }
        var owned: [NetworkID: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(root)/zones") {
            guard let zone = Int(name), let owner = try read("zones/\(name)"), owner.hasPrefix(names.tag + " ") else {
                continue
            }
            owned[NetworkID(String(owner.dropFirst(names.tag.count + 1)))] = zone
        }
        return owned
    }

    private func claimZone(_ network: NetworkID) throws -> Int {
        let first = Int(short(network.text), radix: 16) ?? 0
        for step in 0..<65_535 {
            let zone = (first + step) % 65_535 + 1
            let path = "\(root)/zones/\(zone)"
            do {
                try Data("\(names.tag) \(network)".utf8).write(
                    to: URL(fileURLWithPath: path), options: .withoutOverwriting)
                return zone
            } catch let error as CocoaError where error.code == .fileWriteFileExists {
                continue
            }
        }
        throw DataplaneError(
            "all 65535 conntrack zones of this machine are claimed; remove stale files in \(root)/zones")
    }

    func release(zone: Int) throws {
        try removeIfPresent("\(root)/zones/\(zone)")
    }

    /// Sets `key` (below /proc/sys) for as long as this cloud needs it. The first to come keeps what was there.
    func claim(setting key: String, value: String) throws {
        let folder = "settings/" + key.replacing("/", with: ".")
        try makeDirectory(folder + "/users")
        let current = try read(at: "/proc/sys/\(key)")
        if try read(folder + "/original") == nil, let current {
            try Data(current.utf8).write(to: URL(fileURLWithPath: "\(root)/\(folder)/original"), options: .atomic)
        }
        try Data().write(to: URL(fileURLWithPath: "\(root)/\(folder)/users/\(names.tag)"))
        if current != value { try write(value, setting: key) }
    }

    /// Gives a setting up; the last to do so puts back what was there.
    func release(setting key: String) throws {
        let folder = "settings/" + key.replacing("/", with: ".")
        guard let original = try read(folder + "/original") else { return }
        try removeIfPresent("\(root)/\(folder)/users/\(names.tag)")
        guard try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)/users").isEmpty else { return }
        try write(original, setting: key)
        try removeIfPresent("\(root)/\(folder)")
    }

    /// Takes away the shared folders when nothing is left in them.
    func removeEmptyFolders() {
        for folder in ["zones", "settings", ""] { rmdir("\(root)/\(folder)") }
    }

    private func makeDirectory(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(root)/\(folder)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    private func write(_ value: String, setting key: String) throws {
        try Data(value.utf8).write(to: URL(fileURLWithPath: "/proc/sys/\(key)"))
    }

    private func read(_ path: String) throws -> String? { try read(at: "\(root)/\(path)") }

    private func read(at path: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

func removeIfPresent(_ path: String) throws {
    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
}
