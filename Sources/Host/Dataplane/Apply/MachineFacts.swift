import Foundation
import Logging
import Model
import Tools

/// What the machine itself knows: the name servers it asks, and the account dnsmasq may run as.
enum MachineFacts {
    /// The name servers of resolv.conf. Those on loopback are of no use inside a namespace; behind systemd-resolved,
    /// which is one, its own list names the real ones.
    static func forwarders(logger: Logger) -> [IPAddress] {
        for path in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            let servers = lines.compactMap { line -> IPAddress? in
                let words = line.split(whereSeparator: \.isWhitespace)
                guard words.count >= 2, words[0] == "nameserver" else { return nil }
                do {
                    return try IPAddress(planned: String(words[1]))
                } catch {
                    logger.info("a name server is left out", metadata: ["file": "\(path)", "error": "\(error)"])
                    return nil
                }
            }
            let usable = servers.filter { $0.version == 4 && $0.bytes.first != 127 }
            if !usable.isEmpty { return usable }
        }
        return []
    }

    /// The package's own account, else nobody.
    static func dnsmasqAccount() -> (user: String, group: String) {
        for name in ["dnsmasq", "nobody"] {
            guard let entry = getpwnam(name), let group = getgrgid(entry.pointee.pw_gid) else { continue }
            return (name, String(cString: group.pointee.gr_name))
        }
        return ("root", "root")
    }

    /// Bridged packets pass the inet hooks only with this module.
    static func requireBridgeFilter() async throws {
        let path = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        if FileManager.default.fileExists(atPath: path) { return }
        try await Tool.run("modprobe", ["br_netfilter"])
        guard FileManager.default.fileExists(atPath: path) else {
            throw DataplaneError("the kernel has no br_netfilter: security groups cannot be kept on this machine")
        }
    }
}
