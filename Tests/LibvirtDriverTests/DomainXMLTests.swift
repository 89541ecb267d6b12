import Foundation
import HostProtocol
import Hypervisor
import Model
import Testing

@testable import LibvirtDriver

/// Guests whose XML is kept in `Tests/Golden/domain`. `NOVELLA_WRITE_GOLDEN=1` writes the files anew.
private enum Sample: String, CaseIterable {
    case plain, everything, iso, scsi, volumes, kvm

    var spec: DomainSpec {
        var spec = DomainSpec(
            serverID: ServerID("11111111-2222-3333-4444-555555555555"),
            hardware: GuestHardware(name: "web-1", vcpus: 1, memoryMiB: 256),
            disks: [
                .init(
                    id: "root", path: "/s/root.qcow2", format: "qcow2", bootIndex: 0,
                    backing: .init(path: "/i/abc", format: "raw"))
            ],
            nics: [.init(macAddress: "fa:16:3e:00:00:01", tapName: "tapab12-1", mtu: 1450)],
            consoleLogPath: "/s/console.log", vncSocketPath: "/v/1")
        switch self {
        case .plain: break
        case .everything, .kvm:
            spec.hardware.name = "a <b> & 'c' \"d\"\n\u{7}é"
            spec.hardware.vcpus = 4
            spec.hardware.extraSpecs = ["hw:cpu_cores": "2"]
            spec.hardware.imageProperties = ["hw_qemu_guest_agent": "yes", "hw_vif_model": "e1000e"]
            spec.disks += [
                .init(id: "ephemeral0", path: "/s/ephemeral0.raw", format: "raw"),
                .init(id: "swap", path: "/s/swap.raw", format: "raw"),
                .init(id: "config", path: "/s/config.iso", format: "raw", readOnly: true),
            ]
            spec.nics.append(.init(macAddress: "fa:16:3e:00:00:02", tapName: "tapab12-2", mtu: 1500))
        case .iso:
            spec.disks = [
                .init(id: "root", path: "/i/abc", format: "raw", readOnly: true, isCDROM: true, bootIndex: 0)
            ]
        case .scsi:
            spec.hardware.imageProperties = ["hw_disk_bus": "scsi", "hw_machine_type": "pc"]
        case .volumes:
            spec.disks[0].bootIndex = nil
            spec.disks += [
                .init(id: "v-2", path: "/s/v-2.raw", format: "raw", bus: "scsi", bootIndex: 7, serial: "v-2"),
                .init(id: "v-1", path: "/s/v-1.raw", format: "raw", bus: "scsi", bootIndex: 3, serial: "v-1"),
            ]
        }
        return spec
    }
}

struct DomainXMLTests {
    private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/domain")

    @Test(arguments: Sample.allCases.map(\.rawValue))
    func matchesItsGoldenFile(name: String) throws {
        let sample = try #require(Sample(rawValue: name))
        let xml = try DomainXML(cloudTag: "ab12", virtType: sample == .kvm ? .kvm : .qemu).render(sample.spec)
        let file = folder.appending(path: "\(name).xml")
        if ProcessInfo.processInfo.environment["NOVELLA_WRITE_GOLDEN"] == "1" {
            try xml.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == xml)
    }

    @Test(arguments: [
        ("hw_disk_bus", "ide'/><x"), ("hw_vif_model", "vmxnet3"), ("hw_machine_type", "q35'"),
        ("hw_machine_type", "pc-q35-8.0 x"),
    ])
    func refusesHardwareThatThereIsNot(property: String, value: String) {
        var spec = Sample.plain.spec
        spec.hardware.imageProperties = [property: value]
        #expect(throws: HostFailure.self) { try DomainXML(cloudTag: "ab12", virtType: .qemu).render(spec) }
    }

    @Test(arguments: [
        (4, [:], [4, 1, 1]), (4, ["sockets": "2"], [2, 2, 1]), (4, ["cores": "2", "threads": "2"], [1, 2, 2]),
        (4, ["cores": "3"], [4, 1, 1]), (4, ["sockets": "0"], [4, 1, 1]), (4, ["threads": "x"], [4, 1, 1]),
        (6, ["sockets": "1", "cores": "2", "threads": "2"], [6, 1, 1]),
        (2, ["cores": "9223372036854775807", "threads": "2"], [2, 1, 1]),
    ])
    func topology(vcpus: Int, asked: [String: String], expected: [Int]) {
        let specs = Dictionary(uniqueKeysWithValues: asked.map { ("hw:cpu_\($0.key)", $0.value) })
        let topology = CPUTopology(GuestHardware(name: "", vcpus: vcpus, memoryMiB: 1, extraSpecs: specs))
        #expect([topology.sockets, topology.cores, topology.threads] == expected)
    }

    @Test func namesTellWhoseADomainIs() {
        let server = ServerID.random()
        let names = DomainNames(cloudTag: "ab12")
        #expect(names.server(of: names.name(of: server)) == server)
        #expect(DomainNames(cloudTag: "ab").server(of: names.name(of: server)) == nil)
        #expect(names.server(of: "novella-ab12-router") == nil)
    }

    @Test func diskLetters() {
        var letters = DiskLetters()
        let names = (0..<28).map { _ in letters.next(bus: "virtio") }
        #expect(names[0] == "vda" && names[25] == "vdz" && names[26] == "vdaa" && names[27] == "vdab")
        #expect(letters.next(bus: "sata") == "sda")
    }

    @Test func kvmNeedsTheDeviceAndTheCPU() {
        #expect(VirtType.choose(kvmOpens: true, cpuFlags: ["vmx"]).kind == .kvm)
        #expect(VirtType.choose(kvmOpens: true, cpuFlags: ["svm"]).kind == .kvm)
        #expect(VirtType.choose(kvmOpens: true, cpuFlags: ["sse"]).kind == .qemu)
        #expect(VirtType.choose(kvmOpens: false, cpuFlags: ["vmx"]).kind == .qemu)
        #expect(VirtType.choose(kvmOpens: false, cpuFlags: [], override: .kvm).kind == .kvm)
    }

    @Test func traitsAreNamedAfterFlags() {
        #expect(CPUTraits.names(of: ["sse4_2", "avx2", "no_such_flag"]) == ["HW_CPU_X86_AVX2", "HW_CPU_X86_SSE42"])
    }
}
