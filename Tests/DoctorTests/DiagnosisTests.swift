import Testing

@testable import Doctor

/// What the doctor makes of facts.
struct DiagnosisTests {
    private func finding(_ check: String, _ change: (inout DoctorFacts) -> Void) throws -> Finding {
        var facts = DoctorFacts.healthy
        change(&facts)
        return try #require(Diagnosis.findings(facts).first { $0.check == check })
    }

    @Test func aHealthyHostNeedsNothing() {
        let findings = Diagnosis.findings(.healthy)
        #expect(findings.filter { $0.level != .ok || $0.remedy != nil } == [])
        #expect(
            findings.map(\.check) == [
                "libvirt", "virtlogd", "qemu", "kvm", "kvm device", "programs", "dnsmasq", "bridge", "bridge filter",
                "nftables", "conntrack", "forwarding", "forward policy", "external interface", "state folder", "disk",
            ])
    }

    @Test func whatStopsGuestsIsAFailureWithTheWordsAndARemedy() throws {
        let words = "no such thing"
        let changes: [(String, (inout DoctorFacts) -> Void)] = [
            ("libvirt", { $0.libvirt = .failure(.init(words)) }), ("virtlogd", { $0.virtlogd = .fails(words) }),
            ("dnsmasq", { $0.dnsmasq = .failure(.init(words)) }), ("bridge", { $0.bridge = .fails(words) }),
            ("bridge filter", { $0.bridgeFilter = .fails(words) }), ("nftables", { $0.nftables = .fails(words) }),
            ("conntrack", { $0.conntrack = .fails(words) }), ("state folder", { $0.closedFolder = words }),
        ]
        for (check, change) in changes {
            let found = try finding(check, change)
            #expect(found.level == .failure && found.text.contains(words), "\(found)")
            #expect(found.remedy?.isEmpty == false, "\(found)")
        }
    }

    /// Present is not usable: a device that opens on a CPU without vmx or svm hangs guests.
    @Test func kvmThatIsOnlyPresentIsTold() throws {
        let present = try finding("kvm") { $0.kvm.cpuHasFlags = false }
        #expect(present.level == .warning && present.text.contains("present and not usable"))
        #expect(present.remedy?.contains("nested virtualisation") == true)
        let absent = try finding("kvm") { $0.kvm.opens = .fails("/dev/kvm is not there") }
        #expect(absent.level == .warning && absent.text.contains("/dev/kvm is not there"))
        let busy = try finding("kvm") { $0.kvm.makesMachine = .fails("Device or resource busy") }
        #expect(busy.level == .warning && busy.text.contains("Device or resource busy"))
        let old = try finding("kvm") { $0.kvm.apiVersion = 11 }
        #expect(old.level == .warning && old.text.contains("version 11"))
    }

    @Test func aDeviceThatQEMUMayNotOpenIsSlow() throws {
        let closed = try finding("kvm device") { facts in
            facts.kvm.mode = 0o600
            facts.kvm.isOpenToQEMU = false
        }
        #expect(closed.level == .warning && closed.text.contains("mode 600"))
        #expect(closed.remedy?.contains("chmod 660 /dev/kvm") == true)
    }

    @Test func oldVersionsAreWarnings() throws {
        let libvirt = try finding("libvirt") { $0.libvirt = .success(.init(daemon: 6_009_000, qemu: 7_002_000)) }
        #expect(libvirt.level == .warning && libvirt.text.contains("6.9.0"))
        let qemu = try finding("qemu") { $0.libvirt = .success(.init(daemon: 9_000_000, qemu: 5_001_000)) }
        #expect(qemu.level == .warning && qemu.text.contains("5.1.0"))
    }

    @Test func missingProgramsAreNamedWithTheirPackages() throws {
        let found = try finding("programs") { $0.missingPrograms = ["qemu-img", "mkswap", "unshare"] }
        #expect(found.level == .failure && found.text == "not there: mkswap, qemu-img, unshare")
        #expect(found.remedy == "apt-get install qemu-utils util-linux")
    }

    @Test(arguments: [(Int64(9), Finding.Level.warning), (0, .failure), (10, .ok)])
    func spaceIsJudgedByWhatImagesNeed(_ gibibytes: Int64, _ level: Finding.Level) throws {
        let found = try finding("disk") { $0.disks = [.init(path: "/srv", freeBytes: gibibytes << 30)] }
        #expect(found.level == level && found.text.contains("/srv: \(gibibytes * 1024) MiB"))
    }

    @Test func aSmallMTUOutwardIsTold() throws {
        let small = try finding("external interface") { $0.externalInterface = .init(name: "wg0", mtu: 1420) }
        #expect(small.level == .warning && small.remedy?.contains("--mtu 1420") == true)
        let none = try finding("external interface") { $0.externalInterface = .init(name: "eth9", mtu: nil) }
        #expect(none.level == .failure && none.text.contains("eth9"))
    }

    @Test func dockersPolicyIsTurnedWithRulesForThisCloudsBridges() throws {
        let found = try finding("forward policy") {
            $0.droppingChains = [
                .init(name: "ip filter FORWARD", operatorsChain: "ip filter DOCKER-USER", admitsCloud: false)
            ]
        }
        #expect(found.level == .failure)
        #expect(found.remedy?.contains("nft insert rule ip filter DOCKER-USER iifname 'nb00ff-*' accept") == true)
        #expect(found.remedy?.contains("nft insert rule ip filter DOCKER-USER oifname 'nb00ff-*' accept") == true)
        let admitted = try finding("forward policy") {
            $0.droppingChains = [
                .init(name: "ip filter FORWARD", operatorsChain: "ip filter DOCKER-USER", admitsCloud: true)
            ]
        }
        #expect(admitted.level == .ok)
    }
}

extension DoctorFacts {
    static var healthy: DoctorFacts {
        DoctorFacts(
            cloudTag: "00ff",
            kvm: .init(
                opens: .works, apiVersion: 12, makesMachine: .works, cpuHasFlags: true, nests: true, mode: 0o660,
                isOpenToQEMU: true),
            bridge: .works, bridgeFilter: .works, nftables: .works, conntrack: .works, forwards: true,
            droppingChains: [], disks: [.init(path: "/var", freeBytes: 100 << 30)],
            externalInterface: .init(name: "eth0", mtu: 1500),
            libvirt: .success(.init(daemon: 9_000_000, qemu: 7_002_000)), virtlogd: .works, dnsmasq: .success("2.90"),
            missingPrograms: [], closedFolder: nil)
    }
}
