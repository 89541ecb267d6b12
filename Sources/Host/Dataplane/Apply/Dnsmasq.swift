import Foundation
import Tools

/// One network's dnsmasq: a daemon of its own that outlives this process and is found again by its pid file.
struct DnsmasqDaemon {
    let plan: PlannedDHCP

    private var configuration: String { plan.directory + "/dnsmasq.conf" }
    private var hosts: String { plan.directory + "/hosts" }
    private var leases: String { plan.directory + "/leases" }
    private var names: String { plan.directory + "/names" }

    /// Starts it, starts it again when its options or its namespace changed or a lease is out of date, and has it read
    /// its hosts again when only they changed.
    func converge(group: String) async throws {
        try makeDirectory(group: group)
        let optionsChanged = try write(plan.configuration, to: configuration)
        let hostsChanged = try write(plan.hosts, to: hosts)
        let namesChanged = try write(plan.names, to: names)
        let running = Self.pid(in: plan.directory)
        if let running, !optionsChanged, staleLeases().isEmpty, isInNamespace(running) {
            if hostsChanged || namesChanged { kill(running, SIGHUP) }
            return
        }
        if running != nil { try await Self.stop(in: plan.directory) }
        try forgetStaleLeases()
        try await Tool.inside(plan.namespace, "dnsmasq", ["--conf-file=\(configuration)"])
    }

    /// Leases of a MAC and address that no longer belong together. dnsmasq would not give such an address to its new
    /// owner until the lease ends, and it reads its leases only when it starts.
    private func staleLeases() -> Set<Substring> {
        let owners = Set(
            plan.hosts.split(separator: "\n").map { line in
                let words = line.split(separator: ",")
                return [words.first, words.last]
            })
        return Set(
            leaseLines().filter { line in
                let words = line.split(separator: " ")
                return words.count >= 4 && !owners.contains([words[1], words[2]])
            })
    }

    private func leaseLines() -> [Substring] {
        let data = FileManager.default.contents(atPath: leases) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    private func forgetStaleLeases() throws {
        let stale = staleLeases()
        if stale.isEmpty { return }
        let kept = leaseLines().filter { !stale.contains($0) }.map { $0 + "\n" }.joined()
        try Data(kept.utf8).write(to: URL(fileURLWithPath: leases), options: .atomic)
    }

    private func isInNamespace(_ pid: pid_t) -> Bool {
        let own = NamespaceApplier.identity(ofPath: "/proc/\(pid)/ns/net")
        return own != nil && own == NamespaceApplier.identity(plan.namespace)
    }

    /// Readable for the user dnsmasq becomes, and for no other.
    private func makeDirectory(group: String) throws {
        if FileManager.default.fileExists(atPath: plan.directory) { return }
        try FileManager.default.createDirectory(
            atPath: plan.directory, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o750, .groupOwnerAccountName: group])
    }

    /// Replaces a file when its text differs. Returns whether it did.
    private func write(_ text: String, to path: String) throws -> Bool {
        if FileManager.default.contents(atPath: path) == Data(text.utf8) { return false }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        return true
    }

    /// The process whose command line names this directory's configuration; a pid file alone proves nothing.
    static func pid(in directory: String) -> pid_t? {
        guard let data = FileManager.default.contents(atPath: directory + "/pid"),
            let pid = pid_t(String(decoding: data, as: UTF8.self).filter(\.isNumber)), pid > 1,
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
        else { return nil }
        let words = String(decoding: line, as: UTF8.self).split(separator: "\0")
        let isOurs =
            words.first?.hasSuffix("dnsmasq") == true
            && words.contains("--conf-file=\(directory)/dnsmasq.conf")
        return isOurs ? pid : nil
    }

    /// Ends the daemon of a directory and waits until it is gone.
    static func stop(in directory: String) async throws {
        guard let pid = pid(in: directory) else { return }
        for (signal, patience) in [(SIGTERM, 2.0), (SIGKILL, 2.0)] {
            kill(pid, signal)
            let deadline = Date(timeIntervalSinceNow: patience)
            while Date() < deadline {
                if Self.pid(in: directory) != pid { return }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        throw DataplaneError("dnsmasq (pid \(pid)) of \(directory) does not end")
    }
}
