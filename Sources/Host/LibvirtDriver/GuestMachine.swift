import HostProtocol
import Hypervisor

/// The choices an image's properties make, checked against what there is.
struct GuestMachine {
    enum DiskBus: String { case virtio, scsi }

    let machineType: String
    let diskBus: DiskBus
    let nicModel: String

    var isQ35: Bool { machineType == "q35" || machineType.hasPrefix("pc-q35-") }
    /// An i440FX has no SATA; a Q35 no IDE.
    var cdromBus: String { isQ35 ? "sata" : "ide" }

    init(_ hardware: GuestHardware) throws(HostFailure) {
        let properties = hardware.imageProperties
        let machine = properties["hw_machine_type"] ?? "q35"
        let known = ["q35", "pc"].contains(machine) || machine.hasPrefix("pc-q35-") || machine.hasPrefix("pc-i440fx-")
        guard known, machine.utf8.allSatisfy({ Self.nameBytes.contains($0) }) else {
            throw Self.unknown("hw_machine_type", machine, "q35, pc, pc-q35-* and pc-i440fx-*")
        }
        machineType = machine
        let bus = properties["hw_disk_bus"] ?? "virtio"
        guard let diskBus = DiskBus(rawValue: bus) else { throw Self.unknown("hw_disk_bus", bus, "virtio and scsi") }
        self.diskBus = diskBus
        let model = properties["hw_vif_model"] ?? "virtio"
        guard Self.nicModels.contains(model) else {
            throw Self.unknown("hw_vif_model", model, Self.nicModels.joined(separator: ", "))
        }
        nicModel = model
    }

    func bus(of disk: DomainSpec.Disk) throws(HostFailure) -> String {
        if disk.isCDROM { return cdromBus }
        guard let asked = disk.bus else { return diskBus.rawValue }
        guard let bus = DiskBus(rawValue: asked) else {
            throw HostFailure(
                message: "The disk \(disk.id) asks for the bus \(asked); this cloud has virtio and scsi.",
                detail: disk.path)
        }
        return bus.rawValue
    }

    private static let nicModels = ["virtio", "e1000", "e1000e", "rtl8139"]
    private static let nameBytes = Set("abcdefghijklmnopqrstuvwxyz0123456789.-".utf8)

    private static func unknown(_ property: String, _ value: String, _ known: String) -> HostFailure {
        HostFailure(
            message: "The image asks for \(property)=\(value), which this cloud does not have; it has \(known).",
            detail: "image property")
    }
}

/// Sockets, cores and threads whose product is the number of vCPUs.
struct CPUTopology: Equatable {
    let sockets: Int
    let cores: Int
    let threads: Int

    /// What the flavor or the image fixes is kept and the sockets make up the rest; what does not divide is left out.
    init(_ hardware: GuestHardware) {
        func asked(_ part: String) -> Int? {
            (hardware.extraSpecs["hw:cpu_\(part)"] ?? hardware.imageProperties["hw_cpu_\(part)"]).flatMap { Int($0) }
        }
        let vcpus = hardware.vcpus
        let threads = asked("threads") ?? 1
        let cores = asked("cores") ?? asked("sockets").map { $0 > 0 && threads > 0 ? vcpus / $0 / threads : 0 } ?? 1
        let (perSocket, overflow) = cores.multipliedReportingOverflow(by: threads)
        let divides = threads > 0 && cores > 0 && !overflow && vcpus % perSocket == 0
        let isAsAsked = divides && asked("sockets").map { $0 == vcpus / perSocket } ?? true
        self.sockets = isAsAsked ? vcpus / perSocket : vcpus
        self.cores = isAsAsked ? cores : 1
        self.threads = isAsAsked ? threads : 1
    }
}

/// `vda`, `vdb`, ...; `sda` and on for other buses.
struct DiskLetters {
    private var used: [String: Int] = [:]

    mutating func next(bus: String) -> String {
        let prefix = bus == "virtio" ? "vd" : bus == "ide" ? "hd" : "sd"
        let index = used[prefix] ?? 0
        used[prefix] = index + 1
        var letters = ""
        var rest = index
        repeat {
            letters = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(rest % 26))) + letters
            rest = rest / 26 - 1
        } while rest >= 0
        return prefix + letters
    }
}
