import ArgumentParser
import Foundation
import Model

/// Ends a cloud at every point of every operation, lets it live again, and compares what comes out with a run that
/// nobody disturbed.
struct Points: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kill a cloud after each commit and around each effect, and see that it comes to the same end.")

    @Option(help: "Only this scenario.")
    var scenario: String?

    @Option(help: "Every how many points one is tried.")
    var every = 1

    @Option(help: "How often a cloud dies at its point before it may live.")
    var deaths = 1

    @Option(help: "How many clouds live at once; with libvirt it is always one.")
    var jobs = 2

    @Option(help: "What servers run on: files or libvirt (as root).")
    var machine: Machine.Kind = .files

    func validate() throws {
        guard every > 0, jobs > 0, deaths > 0 else {
            throw ValidationError("--every, --deaths and --jobs must be above 0.")
        }
    }

    func run() async throws {
        let folder = Self.scratch(machine)
        defer { Self.discard(folder) }
        var total = Tally()
        var unproved: [String] = []
        for scenario in CrashScenario.all where self.scenario.map({ $0 == scenario.name }) ?? true {
            if machine == .libvirt, scenario.needsGuestSystem {
                print("\(scenario.name): left out, its guest would need an operating system")
                continue
            }
            let trial = Trial(
                scenario: scenario.name, folder: "\(folder)/\(scenario.name)", machine: machine, deaths: deaths,
                jobs: machine == .files ? jobs : 1)
            let tally = try await trial.run(every: every)
            print("\(scenario.name): \(tally)")
            total += tally
            if tally.kills == 0 { unproved.append(scenario.name) }
        }
        print("all: \(total)")
        // A point that was never reached proves nothing.
        if !unproved.isEmpty { print("nothing was killed in \(unproved.joined(separator: ", "))") }
        guard total.differences == 0, total.kills > 0, unproved.isEmpty else { throw ExitCode.failure }
    }

    static func scratch(_ machine: Machine.Kind) -> String {
        // Guests of libvirt run as a user who must reach their disks.
        let memory = machine == .files ? "/dev/shm" : "/var/tmp"
        let base =
            FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
        return "\(base)/crash-\(UUIDText.random().prefix(8))"
    }

    static func discard(_ folder: String) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            print("\(folder) is left behind: \(error)")
        }
    }
}

struct Tally: Sendable, CustomStringConvertible {
    /// Points of the undisturbed run.
    var points = 0
    /// Lives that ended at their point.
    var kills = 0
    /// Lives that came to their end before their point: other threads were quicker this time.
    var missed = 0
    var differences = 0

    static func += (left: inout Self, right: Self) {
        left.points += right.points
        left.kills += right.kills
        left.missed += right.missed
        left.differences += right.differences
    }

    var description: String {
        "\(points) points, \(kills) kills and restarts, \(missed) not reached, \(differences) differences"
    }
}
