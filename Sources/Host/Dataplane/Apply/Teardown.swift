import Foundation
import Tools

/// Takes away all of one cloud, by its tag and not by memory: also what an earlier process left.
struct Teardown {
    let names: DataplaneNames

    func run() async throws {
        try await stopDnsmasq(except: [])
        try await Tool.remove(links: names.links(among: LinkState.read()), group: names.linkGroup)
        for name in try NamespaceApplier.present(names) { try await Tool.run("ip", ["netns", "del", name]) }
        try await Tool.run(
            "nft", ["-f", "-"],
            input: ["inet", "bridge"].map { "table \($0) \(names.table) {\n}\ndelete table \($0) \(names.table)\n" }
                .joined())
        let claims = MachineClaims(names: names)
        for zone in try claims.zones(for: []).stale {
            try await Connections(names: names).empty(zone: zone)
            try claims.release(zone: zone)
        }
        for setting in [MachineClaims.forwarding, MachineClaims.liberalWindows] { try claims.release(setting: setting) }
        claims.removeEmptyFolders()
        try removeIfPresent(names.runDirectory)
    }

    /// Ends each dnsmasq whose directory is not to be kept, and removes its files.
    func stopDnsmasq(except kept: Set<String>) async throws {
        guard FileManager.default.fileExists(atPath: names.runDirectory) else { return }
        for name in try FileManager.default.contentsOfDirectory(atPath: names.runDirectory).sorted() {
            let directory = "\(names.runDirectory)/\(name)"
            guard name.hasPrefix("dhcp-"), !kept.contains(directory) else { continue }
            try await DnsmasqDaemon.stop(in: directory)
            try removeIfPresent(directory)
        }
    }
}
