import Cloud
import Compute
import Foundation
import HostProtocol
import LibvirtDriver
import Model
import TestSupport
import Testing
import Tools

private let environment = ProcessInfo.processInfo.environment

/// What somebody does to a guest behind the cloud's back, and how it ends: as an operator expects, with an auditor that
/// has told the truth meanwhile.
@Suite(
    .enabled(if: environment["NOVELLA_HOST_TESTS"] == "1" && environment["NOVELLA_GUEST_IMAGE"] != nil), .serialized,
    .timeLimit(.minutes(15)))
struct HostFaultTests {
    private func withServer(_ body: @Sendable (LiveCloud) async throws -> Void) async throws {
        try await LiveCloud.run(image: environment["NOVELLA_GUEST_IMAGE"] ?? "") { live in
            try await eventually("a guest that answers") { try await live.answers() }
            try await eventually("a guest with an agent") { try await live.console.contains("guest agent on") }
            #expect(try await live.rests == .active)
            try await eventually("an auditor that finds nothing") { try await live.differences.isEmpty }
            try await body(live)
        }
    }

    /// - Returns: what the auditor said right after the damage, and when it found nothing more.
    private func damage(
        _ live: LiveCloud, _ harm: () async throws -> Void, until isMended: () async throws -> Bool
    ) async throws -> [String] {
        try await harm()
        let (found, began) = (try await live.differences, ContinuousClock.now)
        try await eventually("the end of the fault") { try await isMended() }
        print("NOTE it ended after \(ContinuousClock.now - began)")
        try await eventually("an auditor that finds nothing") { try await live.differences.isEmpty }
        return found
    }

    /// The guest is set to boot anew after a panic, and does; nothing on the host is otherwise than it should be.
    @Test func aPanicOfTheGuest() async throws {
        try await withServer { live in
            let found = try await damage(
                live,
                { try await live.inGuest("echo c > /proc/sysrq-trigger") },
                until: { try await live.console.components(separatedBy: "Linux version").count > 2 })
            #expect(found == [])
            #expect(try await live.rests == .active)
            #expect(try await live.console.contains("Kernel panic - not syncing"))
            try await eventually("a guest that answers") { try await live.answers() }
        }
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: String
        var harm: @Sendable (LiveCloud) async throws -> Void
    }

    private static let endings = [
        Ending(testDescription: "power-off inside", words: "The guest powered itself off.") {
            try await $0.inGuest("poweroff")
        },
        Ending(
            testDescription: "killed QEMU", words: "The guest crashed, or the process that it ran in was killed."
        ) { live in
            let file = "/run/libvirt/qemu/\(live.domain).pid"
            let pid = try #require(pid_t(String(contentsOfFile: file, encoding: .utf8)))
            #expect(kill(pid, SIGKILL) == 0)
        },
        Ending(testDescription: "destroyed domain", words: "The guest's power was taken away on its host.") {
            try await $0.virsh("destroy", $0.domain)
        },
    ]

    @Test(arguments: endings) func aGuestThatEnds(ending: Ending) async throws {
        try await withServer { live in
            _ = try await damage(
                live, { try await ending.harm(live) }, until: { try await live.rests == .stopped })
            let action = try await live.cloud.compute.actions(of: live.server, by: live.admin).first
            #expect(action?.action == "stop" && action?.failure == ending.words, "\(String(describing: action))")
            #expect(try await live.driver.power(of: live.server) == .shutdown)
        }
    }

    @Test func aSuspendedDomain() async throws {
        try await withServer { live in
            _ = try await damage(
                live, { try await live.virsh("suspend", live.domain) },
                until: { try await live.rests == .paused })
            try await live.cloud.compute.begin(.unpause, on: live.server, by: live.admin)
            try await eventually("a guest that goes on") { try await live.answers() }
        }
    }

    @Test func aDeletedTap() async throws {
        try await withServer { live in
            let tap = try await live.tap
            let slot = try #require(try await live.slot)
            let found = try await damage(
                live, { try await live.ip("link", "del", tap) }, until: { try await live.answers() })
            #expect(found.contains { $0.contains(tap) }, "\(found)")
            #expect(try await live.slot == slot)
            #expect(try await live.rests == .active)
        }
    }

    /// The guest holds the same link all the time.
    @Test func aRenamedTap() async throws {
        try await withServer { live in
            let tap = try await live.tap
            let index = try String(contentsOfFile: "/sys/class/net/\(tap)/ifindex", encoding: .utf8)
            let found = try await damage(
                live,
                {
                    try await live.ip("link", "set", tap, "down")
                    try await live.ip("link", "set", tap, "name", "x\(tap.dropFirst())")
                    try await live.ip("link", "set", "x\(tap.dropFirst())", "up")
                }, until: { try await live.answers() })
            #expect(found.contains("link: \(tap) is called x\(tap.dropFirst())"), "\(found)")
            #expect(try String(contentsOfFile: "/sys/class/net/\(tap)/ifindex", encoding: .utf8) == index)
            #expect(try await live.rests == .active)
        }
    }

    /// A guest that stands still lets go of nothing: its NIC is put in anew when it goes on.
    @Test func aTapThatIsDeletedUnderAPausedGuest() async throws {
        try await withServer { live in
            let tap = try await live.tap
            try await live.cloud.compute.begin(.pause, on: live.server, by: live.admin)
            try await eventually("a paused guest") { try await live.rests == .paused }
            try await live.ip("link", "del", tap)
            let cutOff = "nic: \(tap) of \(live.server) has no carrier, should have: the guest is cut off"
            try await eventually("an auditor that tells") { try await live.differences == [cutOff] }
            try await live.cloud.compute.begin(.unpause, on: live.server, by: live.admin)
            try await eventually("a guest that answers") { try await live.answers() }
            #expect(try await live.differences == [])
        }
    }
}
