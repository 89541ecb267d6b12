import Model
import Testing

@testable import API

/// What Nova says of extra specs from 2.86 on; its own rules (`nova.api.validation.extra_specs`, release 34) have
/// judged each of these values.
@Suite struct ExtraSpecRuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var good: [String]
        var bad: [String]

        var testDescription: String { name }
    }

    /// A name, good values, and bad ones; `_` is an empty value and `~` a blank.
    static let rows = table.split(separator: "\n").map { line in
        let cells: [[String]] = line.split(separator: "|", omittingEmptySubsequences: false).map { cell in
            cell.split(separator: " ").map { $0 == "_" ? "" : String($0).replacing("~", with: " ") }
        }
        return Row(name: cells[0].joined(), good: cells[1], bad: cells[2])
    }

    private func isTaken(_ name: String, _ text: String) -> Bool {
        do throws(CloudError) {
            try ExtraSpecRules.check(name, text)
            return true
        } catch {
            return false
        }
    }

    @Test(arguments: rows) func isJudgedAsByNova(_ row: Row) {
        for text in row.good { #expect(isTaken(row.name, text), "'\(text)'") }
        for text in row.bad { #expect(!isTaken(row.name, text), "'\(text)'") }
        #expect(!row.good.isEmpty || !row.bad.isEmpty)
    }

    @Test func refusalsSayWhatIsWrong() {
        for (name, text, words) in [
            ("hw:cpu_policy", "x", "Validation failed; 'x' is not one of: dedicated, shared, mixed."),
            ("hw:cpu_sockets", "0", "Validation failed; '0' is less than the min value of '1'."),
            ("hw:redirected_usb_ports", "16", "Validation failed; '16' is greater than the max value of '15'."),
            ("hw:cpu_sockets", "x", "Validation failed; 'x' is not a valid integer value."),
            ("hw:pmu", "x", "Validation failed; 'x' is not a valid boolean-like value."),
            ("hw:x", "1", "Validation failed; extra spec 'hw:x' does not appear to be a valid extra spec."),
        ] {
            let error = #expect(throws: CloudError.self) { try ExtraSpecRules.check(name, text) }
            #expect(error?.message == words && error?.kind == .badRequest)
        }
    }

    /// A value that almost fits takes no longer than another.
    @Test func noValueIsTriedForever() {
        let almost = String(repeating: "1", count: 254) + "!"
        for name in ["hw:pmem", "hw:cpu_dedicated_mask", "pci_passthrough:alias", "hw:mem_page_size"] {
            #expect(!isTaken(name, almost))
        }
    }

    @Test func standardTraitsAreWhole() {
        #expect(StandardTraits.all.count == 377)
        #expect(
            StandardTraits.all.isSuperset(of: ["HW_CPU_X86_AVX2", "COMPUTE_NODE", "STORAGE_DISK_SSD", "HW_NUMA_ROOT"]))
    }
}

private let table = """
    hw:cpu_policy | dedicated shared mixed | Dedicated _ pinned
    hw:cpu_thread_policy | prefer isolate require | any
    hw:emulator_threads_policy | isolate share | none
    hw:ephemeral_encryption_format | plain luks luksv2 | LUKS
    hw:mem_encryption_model | amd-sev amd-sev-es amd-sev-snp intel-tdx | sev
    hw:pci_numa_affinity_policy | required preferred legacy socket | strict
    hw:sound_model | sb16 es1370 pcspk ac97 ich6 ich9 usb virtio | ich7
    hw:tpm_model | tpm-tis tpm-crb | tis
    hw:tpm_secret_security | user host deployment | none
    hw:tpm_version | 1.2 2.0 | 2
    hw:usb_model | none nec-xhci qemu-xhci | xhci
    hw:viommu_model | intel smmuv3 virtio auto | amd
    hw:watchdog_action | none pause poweroff reset disabled | reboot
    os:secure_boot | disabled required | optional
    hw:boot_menu | true TRUE yes on 1 t y false no off 0 f n | 2 maybe _
    hw:pmu | true | tr~ue
    hw:hide_hypervisor_id | ~true~ | truth
    hide_hypervisor_id | false | x
    hw:cpu_realtime | on | onn
    hw:locked_memory | 1 | 11
    hw:mem_encryption | true | x
    hw:ephemeral_encryption | true | x
    hw:vif_multiqueue_enabled | true | x
    hw:virtio_packed_ring | true | x
    hw_rng:allowed | true | x
    hw:cpu_sockets | 1 +1 ~2~ 1_0 99999999999999999999 | 0 -1 1.0 1__0 _1 1_ x _ 0x1
    hw:cpu_cores | 4 | 0
    hw:cpu_threads | 2 | 0
    hw:cpu_max_sockets | 2 | 0
    hw:cpu_max_cores | 2 | 0
    hw:cpu_max_threads | 2 | 0
    hw:numa_nodes | 1 | 0
    hw:numa_mem.0 | 1024 | 0 x
    hw:numa_mem.12 | 1 | 1M
    hw:serial_port_count | 0 4 | -1
    hw:redirected_usb_ports | 0 15 | 16 -1
    hw_rng:rate_bytes | 0 | -1
    hw_rng:rate_period | 0 | -1
    hw_video:ram_max_mb | 0 64 | -1
    hw:numa_cpus.0 | 0 0-3 0,2 ^1 0-3,^2 0-1-2 | 0, ,0 a 0--1 ^^1
    hw:numa_cpus:0 | 1 | x
    hw:cpu_dedicated_mask | 2-15 ^0-1 | 2..15
    hw:cpu_realtime_mask | ^0 ^0-1,2-3 | ^
    hw:mem_page_size | large small any 2048 2M 2MB 2Mi 2MiB 1Gbit 4k | huge 2MMB MB 2P
    hw:pmem | a a,b a, a_1,B2 | ,a a,,b a-b _
    pci_passthrough:alias | a:1 a:1,b:2 a:1~,~b:2 a~b:3 | a a: a:x a:1,b :1
    quota:cpu_quota | -1 0 1000 | 1.5
    quota:cpu_reservation | -1 | x
    quota:disk_io_reservation | -1 | x
    quota:memory_reservation | -1 | x
    quota:vif_reservation | -1 | x
    quota:cpu_shares | 0 1024 | -1
    quota:cpu_shares_level | custom high normal low | lower
    quota:disk_io_shares_level | custom | lower
    quota:memory_shares_level | high | lower
    quota:vif_shares_level | low | lower
    quota:disk_write_iops_sec | 0 | -1 x
    quota:vif_outbound_burst | 0 | -1
    quota:own | | 1
    resources:VCPU | 2 -4 0 | x 1.5
    resources1:DISK_GB | 4 | x
    resources_a-Z9:CUSTOM_GOLD | 1 | x
    resources:CUSTOM_ | | 1
    resources:GOLD | | 1
    resources:custom_gold | | 1
    trait:HW_CPU_X86_AVX2 | required forbidden | Required yes _
    trait_1:CUSTOM_RED | required | 1
    traits:COMPUTE_NODE | forbidden | x
    trait:NO_SUCH_TRAIT | | required
    trait:CUSTOM_red | | required
    group_policy | isolate none | any
    accel:device_profile | anything _ |
    accel:other | | x
    aggregate_instance_extra_specs:ssd | true _ |
    aggregate_instance_extra_specs:a:b | x |
    aggregate_instance_extra_specs: | | x
    capabilities:cpu_info | x |
    capabilities:cpu_info:features:aes | <in>~x |
    capabilities:cpu_info: | | x
    capabilities:cpu_info:a-b | | x
    capabilities:vcpus | >=~4 |
    capabilities:vcpus:a | | x
    capabilities:numa_topology:cells:id | x |
    capabilities:nothing | | x
    vmware:hw_version | 8 |
    vmware:storage_policy | gold |
    vmware:other | | x
    hw:x | | 1
    hw: | | 1
    hw:cpu_policy:x | | shared
    hw_rng:x | | 1
    hw_video:x | | 1
    os:x | | 1
    pci_passthrough:x | | 1
    own:x | 1 anything _ |
    HW:cpu_policy | x |
    cpu_policy | x |
    :x | 1 |
    """
