import ArgumentParser
import Foundation
import Model

/// Two workers on one store, and a cloud that does not carry out workflows itself. The first worker is killed, or
/// stands still until the second has done its work; what comes out is compared with what one worker does.
struct Takeover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kill or stall a worker around each of its commits, and let another process take over.")

    private static let scenarios = ["boot", "delete", "stop", "start", "reboot", "attach", "detach"]

    @Option(help: "Only this scenario.")
    var scenario: String?

    @Option(help: "Every how many points one is tried.")
    var every = 1

    func validate() throws {
        guard every > 0 else { throw ValidationError("--every must be above 0.") }
    }

    func run() async throws {
        let folder = Points.scratch(.files)
        defer { Points.discard(folder) }
        var total = Tally()
        for name in Self.scenarios where scenario.map({ $0 == name }) ?? true {
            let tally = try await take(over: name, in: "\(folder)/\(name)")
            print("\(name): \(tally)")
            total += tally
        }
        print("all: \(total)")
        guard total.differences == 0, total.kills > 0 else { throw ExitCode.failure }
    }

    private func take(over scenario: String, in folder: String) async throws -> Tally {
        let base = "\(folder)/base"
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        try await child(scenario, .prepare, base).end()
        let quiet = "\(folder)/quiet"
        try FileManager.default.copyItem(atPath: base, toPath: quiet)
        let cloud = try child(scenario, .act, quiet, alone: false)
        let worker = try worker(quiet, "worker")
        try await cloud.end()
        try await worker.kill()
        let wanted = try end(quiet)
        var tally = Tally()
        for stalls in [false, true] {
            for side in ["before", "after"] {
                var number = 1
                while let found = try await disturb(scenario, base, "\(side) commit#\(number)", stalls, wanted) {
                    tally.points += 1
                    tally.kills += 1
                    if let difference = found {
                        tally.differences += 1
                        print("\(scenario), \(stalls ? "stalled" : "killed") \(side) commit \(number):\n\(difference)")
                    }
                    number += every
                }
            }
        }
        return tally
    }

    /// What differs in the end, or within `nil` nothing; `nil` when the first worker did not come to that point.
    private func disturb(
        _ scenario: String, _ base: String, _ point: String, _ stalls: Bool, _ wanted: String
    ) async throws -> String?? {
        let folder = base + "-disturbed"
        try FileManager.default.copyItem(atPath: base, toPath: folder)
        defer { Points.discard(folder) }
        let cloud = try child(scenario, .act, folder, alone: false)
        let first = try worker(folder, "first", ["--deadly", point] + (stalls ? ["--stalls"] : []))
        try await until("the first worker is gone, or the work is done") {
            !first.isRunning || first.isStopped || !cloud.isRunning
        }
        let hasCome = !first.isRunning || first.isStopped
        let second = try worker(folder, "second")
        try await cloud.end()
        if hasCome, stalls {
            // It wakes up with an old lease, and looks at a world that went on.
            first.goOn()
            try await child(scenario, .act, folder, alone: false).end()
        }
        try await first.kill()
        try await second.kill()
        if !hasCome { return nil }
        let found = try end(folder)
        return .some(found == wanted ? nil : Trial.difference(wanted, found))
    }

    private func child(
        _ scenario: String, _ phase: Child.Phase, _ folder: String, alone: Bool = true
    ) throws -> Life {
        try Life(
            ["child", "--folder", folder, "--scenario", scenario, "--phase", phase.rawValue]
                + (alone ? [] : ["--without-workflows"]), log: folder + "/log")
    }

    private func worker(_ folder: String, _ name: String, _ more: [String] = []) throws -> Life {
        try Life(["worker", "--folder", folder] + more, log: "\(folder)/\(name)")
    }

    private func end(_ folder: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: folder + "/end")), as: UTF8.self)
    }
}
