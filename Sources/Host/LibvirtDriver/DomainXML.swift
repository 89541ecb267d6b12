package import HostProtocol
package import Hypervisor
package import Model

/// A guest as libvirt is told of it: a function of the wish and of what this host can do, and of nothing else.
package struct DomainXML: Sendable {
    package var cloudTag: String
    package var virtType: VirtType.Kind
    /// A model of libvirt's CPU map for guests without KVM. Nehalem is x86-64-v2, which today's distributions need.
    package var emulatedCPU: String

    package init(cloudTag: String, virtType: VirtType.Kind, emulatedCPU: String = "Nehalem") {
        self.cloudTag = cloudTag
        self.virtType = virtType
        self.emulatedCPU = emulatedCPU
    }

    /// - Throws: `HostFailure` when the image asks for hardware that there is not.
    package func render(_ spec: DomainSpec) throws(HostFailure) -> String {
        let machine = try GuestMachine(spec.hardware)
        let buses = try spec.disks.map { disk throws(HostFailure) in try machine.bus(of: disk) }
        var xml = XMLText()
        xml.element("domain", ["type": virtType.rawValue]) { xml in
            xml.element("name", content: DomainNames(cloudTag: cloudTag).name(of: spec.serverID))
            xml.element("uuid", content: spec.serverID.text)
            xml.element("title", content: spec.hardware.name)
            xml.element("metadata") { xml in
                xml.element(
                    "novella:server",
                    ["xmlns:novella": "urn:novella:domain:1", "cloud": cloudTag, "name": spec.hardware.name])
            }
            xml.element("memory", ["unit": "MiB"], content: String(spec.hardware.memoryMiB))
            xml.element("vcpu", ["placement": "static"], content: String(spec.hardware.vcpus))
            identity(spec, &xml)
            xml.element("os") { xml in
                xml.element("type", ["arch": "x86_64", "machine": machine.machineType], content: "hvm")
                xml.element("smbios", ["mode": "sysinfo"])
            }
            xml.element("features") { xml in
                xml.element("acpi")
                xml.element("apic")
            }
            cpu(spec.hardware, &xml)
            clock(&xml)
            xml.element("on_poweroff", content: "destroy")
            xml.element("on_reboot", content: "restart")
            xml.element("on_crash", content: "destroy")
            xml.element("devices") { xml in
                rootPorts(spec, machine, &xml)
                disks(spec, on: buses, &xml)
                for nic in spec.nics { self.nic(nic, machine, &xml) }
                consoles(spec, &xml)
                if spec.hardware.wantsGuestAgent { Self.agentChannel(&xml) }
                extras(&xml)
            }
        }
        return xml.text
    }

    /// What cloud-init looks for to know that it runs in OpenStack.
    private func identity(_ spec: DomainSpec, _ xml: inout XMLText) {
        xml.element("sysinfo", ["type": "smbios"]) { xml in
            xml.element("system") { xml in
                xml.element("entry", ["name": "manufacturer"], content: "OpenStack Foundation")
                xml.element("entry", ["name": "product"], content: "OpenStack Nova")
                xml.element("entry", ["name": "serial"], content: spec.serverID.text)
                xml.element("entry", ["name": "uuid"], content: spec.serverID.text)
                xml.element("entry", ["name": "family"], content: "Virtual Machine")
            }
        }
    }

    private func cpu(_ hardware: GuestHardware, _ xml: inout XMLText) {
        let topology = CPUTopology(hardware)
        let attributes: KeyValuePairs<String, String> =
            virtType == .kvm ? ["mode": "host-model"] : ["mode": "custom", "match": "exact", "check": "none"]
        xml.element("cpu", attributes) { xml in
            if virtType == .qemu { xml.element("model", ["fallback": "forbid"], content: emulatedCPU) }
            xml.element(
                "topology",
                [
                    "sockets": String(topology.sockets), "dies": "1", "cores": String(topology.cores),
                    "threads": String(topology.threads),
                ])
        }
    }

    private func clock(_ xml: inout XMLText) {
        xml.element("clock", ["offset": "utc"]) { xml in
            xml.element("timer", ["name": "pit", "tickpolicy": "delay"])
            xml.element("timer", ["name": "rtc", "tickpolicy": "catchup"])
            xml.element("timer", ["name": "hpet", "present": "no"])
        }
    }

    private func disks(_ spec: DomainSpec, on buses: [String], _ xml: inout XMLText) {
        if buses.contains("scsi") { xml.element("controller", ["type": "scsi", "model": "virtio-scsi"]) }
        let bootOrder = spec.disks.compactMap(\.bootIndex).sorted()
        var letters = DiskLetters()
        for (disk, bus) in zip(spec.disks, buses) {
            let order = disk.bootIndex.flatMap { bootOrder.firstIndex(of: $0) }.map { $0 + 1 }
            self.disk(disk, at: letters.next(bus: bus), on: bus, bootOrder: order, &xml)
        }
    }

    private func disk(
        _ disk: DomainSpec.Disk, at target: String, on bus: String, bootOrder: Int?, _ xml: inout XMLText
    ) {
        xml.element("disk", ["type": "file", "device": disk.isCDROM ? "cdrom" : "disk"]) { xml in
            // Write-back honours the guest's flushes, and reads of a shared image come from the host's memory.
            xml.element("driver", ["name": "qemu", "type": disk.format, "cache": "writeback", "discard": "unmap"])
            if disk.isCDROM {
                sharedSource(disk.path, &xml)
            } else {
                xml.element("source", ["file": disk.path])
            }
            if let backing = disk.backing { backingStore(backing, &xml) }
            xml.element("target", ["dev": target, "bus": bus])
            if let serial = disk.serial { xml.element("serial", content: serial) }
            if disk.readOnly { xml.element("readonly") }
            if let bootOrder { xml.element("boot", ["order": String(bootOrder)]) }
            xml.element("alias", ["name": Self.alias(ofDisk: disk.id)])
        }
    }

    /// One disk, as it is attached to a guest that runs, and the target that it got.
    func render(
        _ disk: DomainSpec.Disk, _ hardware: GuestHardware, besides taken: Set<String>
    ) throws(HostFailure) -> (xml: String, target: String) {
        let bus = try GuestMachine(hardware).bus(of: disk)
        var letters = DiskLetters()
        var target = letters.next(bus: bus)
        while taken.contains(target) { target = letters.next(bus: bus) }
        var xml = XMLText()
        self.disk(disk, at: target, on: bus, bootOrder: nil, &xml)
        return (xml.text, target)
    }

    static func alias(ofDisk id: String) -> String { "ua-disk-\(id)" }

    /// A cached image stays root's: a guest's process that broke out could otherwise change it for all the others.
    private func sharedSource(_ path: String, _ xml: inout XMLText) {
        xml.element("source", ["file": path]) { xml in
            xml.element("seclabel", ["model": "dac", "relabel": "no"])
        }
    }

    /// Said in full, so that libvirt reads no header to find out.
    private func backingStore(_ backing: DomainSpec.Backing, _ xml: inout XMLText) {
        xml.element("backingStore", ["type": "file"]) { xml in
            xml.element("format", ["type": backing.format])
            sharedSource(backing.path, &xml)
            xml.element("backingStore")
        }
    }

    /// A Q35 takes a device while it runs only into a root port that is there and free.
    private func rootPorts(_ spec: DomainSpec, _ machine: GuestMachine, _ xml: inout XMLText) {
        guard machine.isQ35 else { return }
        xml.element("controller", ["type": "pci", "index": "0", "model": "pcie-root"])
        for _ in 0..<(spec.disks.count + spec.nics.count + Self.otherDevices + Self.sparePorts) {
            xml.element("controller", ["type": "pci", "model": "pcie-root-port"])
        }
    }

    /// Tablet, random numbers, balloon, SCSI, the agent's channel.
    private static let otherDevices = 5
    private static let sparePorts = 8

    /// One NIC, as it is attached to a guest that runs.
    func render(_ nic: DomainSpec.NIC, _ hardware: GuestHardware) throws(HostFailure) -> String {
        let machine = try GuestMachine(hardware)
        var xml = XMLText()
        self.nic(nic, machine, &xml)
        return xml.text
    }

    /// The name by which libvirt detaches a NIC; one that is given must begin with `ua-`.
    static func alias(ofTap name: String) -> String { "ua-\(name)" }

    private func nic(_ nic: DomainSpec.NIC, _ machine: GuestMachine, _ xml: inout XMLText) {
        xml.element("interface", ["type": "ethernet"]) { xml in
            xml.element("mac", ["address": nic.macAddress])
            xml.element("target", ["dev": nic.tapName, "managed": "no"])
            xml.element("model", ["type": machine.nicModel])
            xml.element("mtu", ["size": String(nic.mtu)])
            xml.element("alias", ["name": Self.alias(ofTap: nic.tapName)])
            // Nothing boots from the network, and the boot ROM costs seconds.
            xml.element("rom", ["enabled": "no"])
        }
    }

    private func consoles(_ spec: DomainSpec, _ xml: inout XMLText) {
        xml.element("serial", ["type": "pty"]) { xml in
            xml.element("log", ["file": spec.consoleLogPath, "append": "on"])
            xml.element("target", ["port": "0"])
        }
        xml.element("graphics", ["type": "vnc"]) { xml in
            xml.element("listen", ["type": "socket", "socket": spec.vncSocketPath])
        }
        xml.element("video") { xml in xml.element("model", ["type": "vga", "vram": "16384"]) }
    }

    static let agentPort = "org.qemu.guest_agent.0"

    private static func agentChannel(_ xml: inout XMLText) {
        xml.element("channel", ["type": "unix"]) { xml in
            xml.element("target", ["type": "virtio", "name": agentPort])
        }
    }

    /// The channel, as it is attached to a guest that runs.
    static func agentChannel() -> String {
        var xml = XMLText()
        agentChannel(&xml)
        return xml.text
    }

    private func extras(_ xml: inout XMLText) {
        xml.element("controller", ["type": "usb", "model": "none"])
        xml.element("input", ["type": "tablet", "bus": "virtio"])
        xml.element("rng", ["model": "virtio"]) { xml in
            xml.element("backend", ["model": "random"], content: "/dev/urandom")
        }
        xml.element("memballoon", ["model": "virtio"]) { xml in xml.element("stats", ["period": "10"]) }
    }
}

/// Names that tell whose a domain is: two clouds on one machine never touch each other's.
package struct DomainNames: Sendable {
    private let prefix: String

    package init(cloudTag: String) {
        prefix = "novella-\(cloudTag)-"
    }

    package func name(of server: ServerID) -> String { prefix + server.text }

    /// `nil` for a domain of someone else.
    package func server(of name: String) -> ServerID? {
        guard name.hasPrefix(prefix) else { return nil }
        let id = String(name.dropFirst(prefix.count))
        return id.utf8.count == 36 && UUIDText.isValid(id) ? ServerID(id) : nil
    }
}
