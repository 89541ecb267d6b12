import Cloud
import Compute
import Model

/// One operation, told so that it can be told again: it looks at what is there, asks for what is missing, and waits for
/// the end. A client whose cloud died does the same.
struct CrashScenario: Sendable {
    let name: String
    /// Brings a seeded cloud to where the operation may begin.
    let prepare: @Sendable (Actor) async throws -> Void
    let act: @Sendable (Actor) async throws -> Void
    /// The guest's own system has a part in it, which the harness's guests, having empty disks, do not play.
    var needsGuestSystem = false

    static let all: [CrashScenario] = [
        CrashScenario(name: "first-start", prepare: { _ in }, act: { try await $0.seed() }),
        CrashScenario(name: "boot", prepare: { try await $0.uploadImage() }, act: { try await $0.boot() }),
        CrashScenario(name: "delete", prepare: { try await $0.boot() }, act: { try await $0.delete() }),
        CrashScenario(name: "stop", prepare: { try await $0.boot() }, act: { try await $0.stop() }),
        CrashScenario(
            name: "start",
            prepare: {
                try await $0.boot()
                try await $0.stop()
            }, act: { try await $0.move(.start, from: .stopped, to: .active) }),
        CrashScenario(name: "pause", prepare: { try await $0.boot() }, act: { try await $0.pause() }),
        CrashScenario(
            name: "unpause",
            prepare: {
                try await $0.boot()
                try await $0.pause()
            }, act: { try await $0.move(.unpause, from: .paused, to: .active) }),
        CrashScenario(name: "suspend", prepare: { try await $0.boot() }, act: { try await $0.suspend() }),
        CrashScenario(
            name: "resume",
            prepare: {
                try await $0.boot()
                try await $0.suspend()
            }, act: { try await $0.move(.resume, from: .suspended, to: .active) }),
        CrashScenario(name: "reboot", prepare: { try await $0.boot() }, act: { try await $0.reboot() }),
        CrashScenario(name: "rebuild", prepare: { try await $0.boot() }, act: { try await $0.rebuild() }),
        CrashScenario(
            name: "rescue", prepare: { try await $0.boot() },
            act: {
                try await $0.rescue()
                try await $0.unrescue()
            }),
        CrashScenario(name: "resize", prepare: { try await $0.boot() }, act: { try await $0.resize() }),
        CrashScenario(
            name: "confirm",
            prepare: {
                try await $0.boot()
                try await $0.resize()
            }, act: { try await $0.decide { try await $0.compute.confirmResize($1, by: $2) } }),
        CrashScenario(
            name: "revert",
            prepare: {
                try await $0.boot()
                try await $0.resize()
            }, act: { try await $0.decide { try await $0.compute.revertResize($1, by: $2) } }),
        CrashScenario(name: "snapshot", prepare: { try await $0.boot() }, act: { try await $0.snapshot() }),
        CrashScenario(
            name: "backup",
            prepare: {
                try await $0.boot()
                try await $0.stop()
            }, act: { try await $0.backUp() }),
        CrashScenario(name: "shelve", prepare: { try await $0.boot() }, act: { try await $0.shelve() }),
        CrashScenario(
            name: "unshelve",
            prepare: {
                try await $0.boot()
                try await $0.shelve()
            }, act: { try await $0.unshelve() }),
        CrashScenario(name: "soft-delete", prepare: { try await $0.boot() }, act: { try await $0.softDelete() }),
        CrashScenario(
            name: "restore",
            prepare: {
                try await $0.boot()
                try await $0.softDelete()
            }, act: { try await $0.restore() }),
        CrashScenario(name: "interrupt", prepare: { try await $0.boot() }, act: { try await $0.interrupt() }),
        CrashScenario(name: "floating-ip", prepare: { try await $0.boot() }, act: { try await $0.associate() }),
        CrashScenario(name: "attach", prepare: { try await $0.boot() }, act: { try await $0.attach() }),
        CrashScenario(
            name: "detach",
            prepare: {
                try await $0.boot()
                try await $0.attach()
            }, act: { try await $0.detach() }, needsGuestSystem: true),
        CrashScenario(
            name: "keys",
            prepare: {
                try await $0.uploadImage(saying: ["hw_qemu_guest_agent": "yes", "os_admin_user": "root"])
                try await $0.boot()
            }, act: { try await $0.changeKeys() }, needsGuestSystem: true),
        CrashScenario(name: "image-upload", prepare: { _ in }, act: { try await $0.uploadImage() }),
    ]

    static func named(_ name: String) throws -> CrashScenario {
        guard let found = all.first(where: { $0.name == name }) else {
            throw CloudError.badRequest("There is no scenario '\(name)'; there are \(all.map(\.name)).")
        }
        return found
    }
}
