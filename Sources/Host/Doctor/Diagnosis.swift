/// Judges facts. Each check is a function of them and of nothing else.
package enum Diagnosis {
    /// Of a machine whose guests libvirt runs, in the order of importance.
    package static func findings(_ facts: DoctorFacts) -> [Finding] {
        let hypervisor = [libvirt(facts), virtlogd(facts), qemu(facts), kvm(facts), kvmDevice(facts)]
        let network = kernel(facts) + [forwardPolicy(facts), externalInterface(facts)].compactMap(\.self)
        return hypervisor.compactMap(\.self) + [programs(facts), dnsmasq(facts)] + network + [stateFolder(facts)]
            + facts.disks.map(disk)
    }

    // MARK: - The hypervisor

    static func libvirt(_ facts: DoctorFacts) -> Finding {
        switch facts.libvirt {
        case .failure(let words):
            .failure(
                "libvirt", "libvirtd does not answer: \(words.text)",
                remedy: "Install libvirt-daemon-system; start it with 'systemctl start libvirtd', or 'libvirtd -d'.")
        case .success(let found) where found.daemon < 7_000_000:
            .warning(
                "libvirt", "libvirt is \(version(found.daemon)), older than any that was tried",
                remedy: "Upgrade to libvirt 7.0 or later (Debian 11 has 7.0, Debian 12 has 9.0).")
        case .success(let found): .ok("libvirt", "libvirt \(version(found.daemon)) answers")
        }
    }

    static func virtlogd(_ facts: DoctorFacts) -> Finding {
        tried(
            "virtlogd", facts.virtlogd, good: "virtlogd answers",
            bad: "virtlogd does not answer, and without it no guest starts",
            remedy: "Start it with 'systemctl start virtlogd.socket', or 'virtlogd -d'.")
    }

    /// `nil` when libvirt, which knows, does not answer.
    static func qemu(_ facts: DoctorFacts) -> Finding? {
        guard case .success(let found) = facts.libvirt else { return nil }
        if found.qemu >= 5_002_000 { return .ok("qemu", "QEMU \(version(found.qemu))") }
        return .warning(
            "qemu", "QEMU is \(version(found.qemu)), older than any that was tried",
            remedy: "Upgrade to QEMU 5.2 or later (Debian 11 has 5.2, Debian 12 has 7.2).")
    }

    /// Never a failure: without KVM guests run in emulation.
    static func kvm(_ facts: DoctorFacts) -> Finding {
        let kvm = facts.kvm
        func slow(_ why: String, remedy: String) -> Finding {
            .warning("kvm", "guests run in emulation, many times slower: \(why)", remedy: remedy)
        }
        if case .fails(let words) = kvm.opens {
            return slow(
                "/dev/kvm does not open: \(words)",
                remedy: "Switch on virtualisation (VT-x, AMD-V) in the firmware, or nested virtualisation where this "
                    + "machine is itself a guest; then 'modprobe kvm_intel' or 'modprobe kvm_amd'.")
        }
        if case .fails(let words) = kvm.makesMachine {
            return slow(
                "/dev/kvm opens and makes no machine: \(words)",
                remedy: "Another hypervisor may hold the CPU's virtualisation: end it, or read 'dmesg | grep kvm'.")
        }
        if kvm.cpuHasFlags, kvm.apiVersion == 12 {
            return .ok("kvm", "KVM is usable" + (kvm.nests == true ? ", by guests of guests too" : ""))
        }
        let why = kvm.cpuHasFlags ? "its API is version \(kvm.apiVersion ?? 0)" : "the CPU has neither vmx nor svm"
        return slow(
            "KVM is present and not usable: \(why)",
            remedy: "Switch on nested virtualisation in the hypervisor that this machine is a guest of.")
    }

    /// `nil` where there is no device.
    static func kvmDevice(_ facts: DoctorFacts) -> Finding? {
        guard facts.kvm.opens == .works else { return nil }
        let mode = "mode \(String(facts.kvm.mode, radix: 8))"
        if facts.kvm.isOpenToQEMU { return .ok("kvm device", "QEMU's user may open /dev/kvm, \(mode)") }
        return .warning(
            "kvm device", "QEMU's user may not open /dev/kvm, \(mode): libvirt takes seconds for each guest",
            remedy: "chgrp kvm /dev/kvm; chmod 660 /dev/kvm; adduser libvirt-qemu kvm. udev does so where it runs.")
    }

    private static func version(_ number: Int) -> String {
        "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }

    // MARK: - Programs and folders

    static func programs(_ facts: DoctorFacts) -> Finding {
        if facts.missingPrograms.isEmpty { return .ok("programs", "all programs are there") }
        let packages = Set(facts.missingPrograms.map { HostProgram.packages[$0] ?? $0 }).sorted()
        return .failure(
            "programs", "not there: \(facts.missingPrograms.sorted().joined(separator: ", "))",
            remedy: "apt-get install \(packages.joined(separator: " "))")
    }

    static func dnsmasq(_ facts: DoctorFacts) -> Finding {
        switch facts.dnsmasq {
        case .success(let version): .ok("dnsmasq", "dnsmasq \(version)")
        case .failure(let words):
            .failure(
                "dnsmasq", "dnsmasq does not run, so guests get no address: \(words.text)",
                remedy: "apt-get install dnsmasq-base")
        }
    }

    static func stateFolder(_ facts: DoctorFacts) -> Finding {
        guard let folder = facts.closedFolder else {
            return .ok("state folder", "QEMU's user can reach the disks")
        }
        return .failure(
            "state folder", "QEMU's user cannot pass through \(folder) to the disks of its guests",
            remedy: "chmod o+x \(folder)")
    }

    static func disk(_ disk: DoctorFacts.Disk) -> Finding {
        let free = String(disk.freeBytes >> 20) + " MiB are free"
        let remedy = "Free space on the file system of \(disk.path), or keep the state folder on a larger one."
        switch disk.freeBytes >> 30 {
        case ..<1: return .failure("disk", "\(disk.path): \(free); no image or disk can be made", remedy: remedy)
        case ..<10: return .warning("disk", "\(disk.path): \(free)", remedy: remedy)
        default: return .ok("disk", "\(disk.path): \(free)")
        }
    }
}
