import Foundation

/// The programs that a host runs, and the Debian packages that they come from.
enum HostProgram {
    static let packages = [
        "conntrack": "conntrack", "dnsmasq": "dnsmasq-base", "genisoimage": "genisoimage", "ip": "iproute2",
        "mkfs.ext4": "e2fsprogs", "mkswap": "util-linux", "modprobe": "kmod", "nft": "nftables",
        "prlimit": "util-linux",
        "qemu-img": "qemu-utils", "qemu-system-x86_64": "qemu-system-x86", "sysctl": "procps",
        "unshare": "util-linux", "virsh": "libvirt-clients",
    ]

    static func missing() -> [String] {
        packages.keys.sorted().filter { name in
            !["/usr/sbin", "/sbin", "/usr/bin", "/bin"].contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
            }
        }
    }
}
