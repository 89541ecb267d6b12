import Dataplane
import Foundation
import HostProtocol
import LibvirtDriver
import Tools

/// Reads the facts of this machine. Trials are made in a network namespace of their own, which ends with them.
package struct FactReader: Sendable {
    private let stateDirectory: String
    private let externalInterface: String?
    private let cloudTag: String

    package init(stateDirectory: String, externalInterface: String?, cloudTag: String) {
        self.stateDirectory = stateDirectory
        self.externalInterface = externalInterface
        self.cloudTag = cloudTag
    }

    package func read() async throws -> DoctorFacts {
        DoctorFacts(
            cloudTag: cloudTag, kvm: KVMDevice.facts(), bridge: await alone(Self.links),
            bridgeFilter: await bridgeFilter(), nftables: await loads(Self.families),
            conntrack: await loads(Self.states), forwards: setting("net/ipv4/ip_forward") == "1",
            droppingChains: try await ForwardChains.dropping(cloudTag: cloudTag), disks: try disks(),
            externalInterface: externalInterface.map {
                .init(name: $0, mtu: read("/sys/class/net/\($0)/mtu").flatMap { Int($0) })
            },
            libvirt: await libvirt(), virtlogd: UnixSocket.connects("/run/libvirt/virtlogd-sock"),
            dnsmasq: await dnsmasq(), missingPrograms: HostProgram.missing(), closedFolder: try closedFolder())
    }

    private static let links = """
        link add br0 type bridge
        link add veth0 type veth peer name veth1
        tuntap add tap0 mode tap
        """
    private static let families = """
        add table ip probe
        add table inet probe
        add set inet probe s { type ipv4_addr; }
        add table bridge probe
        add chain bridge probe forward { type filter hook forward priority 10; policy accept; }
        add rule bridge probe forward iifname "x" meta mark 1 drop
        """
    private static let states = """
        add table inet probe
        add chain inet probe raw { type filter hook prerouting priority -300; }
        add rule inet probe raw ct zone set meta mark map { 1 : 1 }
        add chain inet probe state { type filter hook prerouting priority -150; }
        add rule inet probe state ct state established meta mark set 1
        add table ip probe
        add chain ip probe out { type nat hook postrouting priority 100; }
        add rule ip probe out masquerade
        """

    private func alone(_ commands: String) async -> DoctorFacts.Trial {
        await trial { try await Tool.run("unshare", ["--net", "ip", "-batch", "-"], input: commands + "\n") }
    }

    private func loads(_ rules: String) async -> DoctorFacts.Trial {
        await trial { try await Tool.run("unshare", ["--net", "nft", "-f", "-"], input: rules + "\n") }
    }

    /// Loaded, or to be had when it is wanted.
    private func bridgeFilter() async -> DoctorFacts.Trial {
        if setting("net/bridge/bridge-nf-call-iptables") != nil { return .works }
        return await trial { try await Tool.run("modprobe", ["--dry-run", "br_netfilter"]) }
    }

    private func trial(_ body: () async throws -> String) async -> DoctorFacts.Trial {
        do {
            _ = try await body()
            return .works
        } catch let error as ToolError {
            return .fails(error.message.isEmpty ? error.description : String(error.message.prefix { !$0.isNewline }))
        } catch {
            return .fails("\(error)")
        }
    }

    private func libvirt() async -> Result<DoctorFacts.Libvirt, DoctorFacts.Words> {
        await withTaskGroup(of: Result<DoctorFacts.Libvirt, DoctorFacts.Words>.self) { group in
            group.addTask {
                do {
                    let found = try await LibvirtVersions.read()
                    return .success(.init(daemon: found.daemon, qemu: found.hypervisor))
                } catch {
                    return .failure(.init((error as? HostFailure)?.detail ?? "\(error)"))
                }
            }
            group.addTask {
                // Cancelled when libvirt was quicker.
                try? await Task.sleep(for: .seconds(10))
                return .failure(.init("no answer in 10 s"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.init("no answer"))
        }
    }

    private func dnsmasq() async -> Result<String, DoctorFacts.Words> {
        do {
            let text = try await Tool.run("dnsmasq", ["--version"])
            let words = text.prefix { !$0.isNewline }.split(separator: " ")
            return .success(words.count > 2 ? String(words[2]) : "of a version it does not tell")
        } catch {
            return .failure(.init("\(error)"))
        }
    }
}

// MARK: - Files
extension FactReader {
    private func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self).filter { !$0.isNewline } }
    }

    private func setting(_ key: String) -> String? { read("/proc/sys/" + key) }

    /// The state folder, or what it will be made in, and the images' if that is another file system.
    private func disks() throws -> [DoctorFacts.Disk] {
        var seen: Set<UInt64> = []
        return try [stateDirectory, stateDirectory + "/images", stateDirectory + "/host/images"].compactMap { path in
            let there = existing(path)
            var info = statvfs()
            guard statvfs(there, &info) == 0 else {
                throw DoctorFacts.Words("statvfs \(there): \(String(cString: strerror(errno)))")
            }
            guard seen.insert(UInt64(info.f_fsid)).inserted else { return nil }
            return .init(path: there, freeBytes: Int64(info.f_bavail) * Int64(info.f_frsize))
        }
    }

    private func existing(_ path: String) -> String {
        var path = path
        while path != "/", !path.isEmpty, !FileManager.default.fileExists(atPath: path) {
            path = URL(filePath: path).deletingLastPathComponent().path
        }
        return path.isEmpty ? "/" : path
    }

    private func closedFolder() throws -> String? {
        var folder = existing(stateDirectory)
        while folder != "/" {
            var info = stat()
            guard stat(folder, &info) == 0 else {
                throw DoctorFacts.Words("stat \(folder): \(String(cString: strerror(errno)))")
            }
            if info.st_mode & S_IXOTH == 0 { return folder }
            folder = URL(filePath: folder).deletingLastPathComponent().path
        }
        return nil
    }
}
