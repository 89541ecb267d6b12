import Foundation
import LibvirtDriver

/// Asks /dev/kvm what it can do (Linux: Documentation/virt/kvm/api.rst).
enum KVMDevice {
    private static let path = "/dev/kvm"
    /// `_IO(0xAE, 0x00)` and `_IO(0xAE, 0x01)`.
    private static let getAPIVersion: UInt = 0xae00
    private static let createMachine: UInt = 0xae01

    static func facts() -> DoctorFacts.KVM {
        var info = stat()
        let exists = stat(path, &info) == 0
        var facts = DoctorFacts.KVM(
            opens: .fails("\(path) is not there"), apiVersion: nil, makesMachine: .fails("it was not tried"),
            cpuHasFlags: !VirtType.cpuFlags().isDisjoint(with: ["vmx", "svm"]), nests: nests(),
            mode: Int(info.st_mode & 0o777),
            isOpenToQEMU: exists && isOpenToQEMU(info))
        let device = open(path, O_RDWR | O_CLOEXEC)
        guard device >= 0 else {
            if exists { facts.opens = .fails(String(cString: strerror(errno))) }
            return facts
        }
        defer { close(device) }
        facts.opens = .works
        let version = ioctl(device, getAPIVersion, 0)
        facts.apiVersion = version >= 0 ? Int(version) : nil
        let machine = ioctl(device, createMachine, 0)
        guard machine >= 0 else {
            facts.makesMachine = .fails(String(cString: strerror(errno)))
            return facts
        }
        close(machine)
        facts.makesMachine = .works
        return facts
    }

    private static func nests() -> Bool? {
        ["kvm_intel", "kvm_amd"].lazy.compactMap {
            FileManager.default.contents(atPath: "/sys/module/\($0)/parameters/nested")
        }.first.map { ["Y", "1"].contains(String(decoding: $0, as: UTF8.self).filter { !$0.isNewline }) }
    }

    /// Debian's QEMU runs as libvirt-qemu, in group kvm.
    private static func isOpenToQEMU(_ info: stat) -> Bool {
        let needed: mode_t = 0o6
        if info.st_mode & needed == needed { return true }
        guard let user = getpwnam("libvirt-qemu") else { return false }
        if info.st_uid == user.pointee.pw_uid { return info.st_mode >> 6 & needed == needed }
        guard info.st_mode >> 3 & needed == needed else { return false }
        if user.pointee.pw_gid == info.st_gid { return true }
        var groups = [gid_t](repeating: 0, count: 256)
        var count = Int32(groups.count)
        let found = getgrouplist("libvirt-qemu", user.pointee.pw_gid, &groups, &count)
        return found >= 0 && groups.prefix(Int(count)).contains(info.st_gid)
    }
}

/// Whether somebody listens at a path.
enum UnixSocket {
    static func connects(_ path: String) -> DoctorFacts.Trial {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let size = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < size else { return .fails("\(path) is too long for a socket") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return .fails(String(cString: strerror(errno))) }
        defer { close(socket) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 ? .works : .fails("\(path): \(String(cString: strerror(errno)))")
    }
}
