import APIKit
import Model

/// The extra specs that Nova knows by name, and what may be their values; looked at from 2.86 on. In a namespace of
/// Nova's whatever is not here is refused, in any other all is taken.
enum ExtraSpecRules {
    private enum Value: Sendable {
        case text, flag
        case int(ClosedRange<Int>)
        case word([String])
        case pattern(Pattern)
    }

    /// Shown in refusals, so as Nova writes them where that can be tried in a time that grows with the value's length.
    private enum Pattern: String, Sendable {
        case mask = #"\^?\d+(-\d+|,\^?\d+)*"#
        case pageSize = #"(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)"#
        case labels = #"[a-zA-Z0-9_]+(,[a-zA-Z0-9_]+)*,?"#
        case aliases = #"[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*"#

        func matches(_ text: String) -> Bool {
            switch self {
            case .mask: text.wholeMatch(of: /\^?\d+(-\d+|,\^?\d+)*/) != nil
            case .pageSize: text.wholeMatch(of: /large|small|any|\d+([kKMGT]i?)?(b|bit|B)?/) != nil
            case .labels: text.wholeMatch(of: /[a-zA-Z0-9_]+(,[a-zA-Z0-9_]+)*,?/) != nil
            case .aliases: text.wholeMatch(of: /[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*/) != nil
            }
        }
    }

    private static let any = Value.int(Int.min...Int.max)
    private static let natural = Value.int(0...Int.max)
    private static let positive = Value.int(1...Int.max)
    private static let level = Value.word(["custom", "high", "normal", "low"])
    private static let wish = Value.word(["required", "forbidden"])

    /// Behind `*` may stand further words, each after a colon, and `#` is a number after any sign.
    private static let rows: [(namespace: String, names: String, value: Value)] = [
        ("", "group_policy", .word(["isolate", "none"])),
        ("", "hide_hypervisor_id", .flag),
        ("accel", "device_profile", .text),
        (
            "capabilities",
            """
            aggregates cell_uuid cpu_allocation_ratio cpu_info* current_workload disk_allocation_ratio
            disk_available_least disk_mb_used failed_builds free_disk_gb free_disk_mb free_ram_mb host host_ip
            hypervisor_hostname hypervisor_type hypervisor_version id instances* limits* local_gb local_gb_used mapped
            memory_mb memory_mb_used metrics* nodename* num_instances num_io_ops numa_topology* pci_device_pools*
            pci_stats* ram_allocation_ratio running_vms service_id stats* supported_hv_specs* supported_instances*
            total_usable_disk_gb total_usable_ram_mb updated uuid vcpus vcpus_total vcpus_used
            """, .text
        ),
        (
            "hw",
            """
            boot_menu cpu_realtime ephemeral_encryption hide_hypervisor_id locked_memory mem_encryption pmu
            vif_multiqueue_enabled virtio_packed_ring
            """, .flag
        ),
        (
            "hw",
            """
            cpu_cores cpu_max_cores cpu_max_sockets cpu_max_threads cpu_sockets cpu_threads numa_mem# numa_nodes
            """, positive
        ),
        ("hw", "serial_port_count", natural),
        ("hw", "redirected_usb_ports", .int(0...15)),
        ("hw", "cpu_dedicated_mask cpu_realtime_mask numa_cpus#", .pattern(.mask)),
        ("hw", "mem_page_size", .pattern(.pageSize)),
        ("hw", "pmem", .pattern(.labels)),
        ("hw", "cpu_policy", .word(["dedicated", "shared", "mixed"])),
        ("hw", "cpu_thread_policy", .word(["prefer", "isolate", "require"])),
        ("hw", "emulator_threads_policy", .word(["isolate", "share"])),
        ("hw", "ephemeral_encryption_format", .word(["plain", "luks", "luksv2"])),
        ("hw", "mem_encryption_model", .word(["amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"])),
        ("hw", "pci_numa_affinity_policy", .word(["required", "preferred", "legacy", "socket"])),
        ("hw", "sound_model", .word(["sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"])),
        ("hw", "tpm_model", .word(["tpm-tis", "tpm-crb"])),
        ("hw", "tpm_secret_security", .word(["user", "host", "deployment"])),
        ("hw", "tpm_version", .word(["1.2", "2.0"])),
        ("hw", "usb_model", .word(["none", "nec-xhci", "qemu-xhci"])),
        ("hw", "viommu_model", .word(["intel", "smmuv3", "virtio", "auto"])),
        ("hw", "watchdog_action", .word(["none", "pause", "poweroff", "reset", "disabled"])),
        ("hw_rng", "allowed", .flag),
        ("hw_rng", "rate_bytes rate_period", natural),
        ("hw_video", "ram_max_mb", natural),
        ("os", "secure_boot", .word(["disabled", "required"])),
        ("pci_passthrough", "alias", .pattern(.aliases)),
        (
            "quota",
            """
            cpu_limit cpu_period cpu_shares cpu_shares_share disk_io_limit disk_io_shares_share disk_read_bytes_sec
            disk_read_iops_sec disk_total_bytes_sec disk_total_iops_sec disk_write_bytes_sec disk_write_iops_sec
            memory_limit memory_shares_share vif_inbound_average vif_inbound_burst vif_inbound_peak vif_limit
            vif_outbound_average vif_outbound_burst vif_outbound_peak vif_shares_share
            """, natural
        ),
        ("quota", "cpu_quota cpu_reservation disk_io_reservation memory_reservation vif_reservation", any),
        ("quota", "cpu_shares_level disk_io_shares_level memory_shares_level vif_shares_level", level),
        ("vmware", "hw_version storage_policy", .text),
    ]

    private static let known = Dictionary(
        rows.flatMap { row in
            row.names.split(whereSeparator: \.isWhitespace).map { name in
                (row.namespace.isEmpty ? String(name) : "\(row.namespace):\(name)", row.value)
            }
        }, uniquingKeysWith: { first, _ in first })
    private static let namespaces = Set(rows.map(\.namespace)).subtracting([""])
        .union(["aggregate_instance_extra_specs"])

    /// - Throws: what is wrong with the spec, in Nova's words.
    static func check(_ name: String, _ text: String) throws(CloudError) {
        guard let value = value(of: name) else {
            let namespace = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard namespace.count == 2, isKnown(String(namespace[0])) else { return }
            throw CloudError.badRequest(
                "Validation failed; extra spec '\(name)' does not appear to be a valid extra spec.")
        }
        if let why = flaw(of: text, as: value) {
            throw CloudError.badRequest("Validation failed; '\(text)' \(why).")
        }
    }

    private static func isKnown(_ namespace: String) -> Bool {
        namespaces.contains(namespace) || namespace.wholeMatch(of: /(resources|trait)[a-zA-Z0-9_-]{0,64}/) != nil
    }

    private static func value(of name: String) -> Value? {
        if let value = known[name] { return value }
        if let found = name.wholeMatch(of: /hw:(numa_cpus|numa_mem).\d+/) { return known["hw:\(found.1)#"] }
        if let found = name.wholeMatch(of: /(capabilities:\w+?)(:\w+)*/) { return known["\(found.1)*"] }
        if name.wholeMatch(of: /aggregate_instance_extra_specs:.+/) != nil { return .text }
        if let found = name.wholeMatch(of: /(resources|trait)[a-zA-Z0-9_-]{0,64}:([A-Z0-9_]+)/) {
            let (isTrait, item) = (found.1 == "trait", String(found.2))
            let isCustom = item.hasPrefix("CUSTOM_") && item != "CUSTOM_"
            let isStandard =
                isTrait ? StandardTraits.all.contains(item) : PlacementName.standardClasses.contains(item)
            return isCustom || isStandard ? (isTrait ? wish : any) : nil
        }
        return nil
    }

    private static func flaw(of text: String, as value: Value) -> String? {
        switch value {
        case .text: return nil
        case .flag: return APIRequest.boolean(text) == nil ? "is not a valid boolean-like value" : nil
        case .word(let words):
            return words.contains(text) ? nil : "is not one of: \(words.joined(separator: ", "))"
        case .pattern(let pattern):
            return pattern.matches(text) ? nil : "is not of the format '\(pattern.rawValue)'"
        case .int(let range):
            guard let number = integer(text) else { return "is not a valid integer value" }
            if number > range.upperBound { return "is greater than the max value of '\(range.upperBound)'" }
            return number < range.lowerBound ? "is less than the min value of '\(range.lowerBound)'" : nil
        }
    }

    /// As Python reads one: blanks around it, a sign, underscores between digits; one that is too large for a number
    /// here is the largest.
    private static func integer(_ text: String) -> Int? {
        guard let found = text.wholeMatch(of: /\s*([+-]?)(\d+(?:_\d+)*)\s*/) else { return nil }
        let digits = found.2.filter { $0 != "_" }
        return Int(found.1 + digits) ?? (found.1 == "-" ? .min : .max)
    }
}
