import Foundation

/// How guests' instructions are carried out on this machine, and why it was taken.
package struct VirtType: Sendable, Equatable {
    package enum Kind: String, Sendable { case kvm, qemu }

    package var kind: Kind
    /// For the log.
    package var reason: String

    package init(kind: Kind, reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// KVM needs its device and a CPU that says it can: a device without vmx or svm can hang guests for ever.
    package static func choose(kvmOpens: Bool, cpuFlags: Set<String>, override: Kind? = nil) -> Self {
        let capable = cpuFlags.contains("vmx") || cpuFlags.contains("svm")
        let found =
            switch (kvmOpens, capable) {
            case (true, true): "/dev/kvm opens and the CPU has hardware virtualisation"
            case (true, false): "/dev/kvm opens, but the CPU has neither vmx nor svm"
            case (false, true): "/dev/kvm does not open, though the CPU has hardware virtualisation"
            case (false, false): "/dev/kvm does not open, and the CPU has neither vmx nor svm"
            }
        if let override { return Self(kind: override, reason: "configured; \(found)") }
        return Self(kind: kvmOpens && capable ? .kvm : .qemu, reason: found)
    }

    /// Looks at this machine.
    package static func detect(override: Kind? = nil) -> Self {
        let descriptor = open("/dev/kvm", O_RDWR | O_CLOEXEC)
        if descriptor >= 0 { close(descriptor) }
        return choose(kvmOpens: descriptor >= 0, cpuFlags: cpuFlags(), override: override)
    }

    /// Of the first processor; empty where /proc/cpuinfo cannot be read.
    package static func cpuFlags() -> Set<String> {
        guard let file = fopen("/proc/cpuinfo", "r") else { return [] }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0, let text = line.map({ String(cString: $0) }) {
            guard text.hasPrefix("flags"), let colon = text.firstIndex(of: ":") else { continue }
            return Set(text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).map(String.init))
        }
        return []
    }
}
