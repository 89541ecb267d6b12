import ArgumentParser
import Doctor
import Foundation

/// `novella doctor`: whether this machine can be a host, and what to do where it cannot.
struct DoctorVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at this machine as a host: what will stop guests or slow them, each with its remedy.",
        discussion: """
            Ends with 1 when something will stop guests. It changes nothing: what has to be tried is tried in a network
            namespace of its own.
            """)

    @Option(help: "The folder that holds, or shall hold, everything the cloud knows.")
    var stateDir: String = "/var/lib/novella"

    @Option(help: "The LAN interface on which floating IPs are, or shall be, answered for.")
    var externalInterface: String?

    @Flag(help: "Write findings as JSON, for machines.")
    var json = false

    func run() async throws {
        guard geteuid() == 0 else {
            throw ValidationError("It needs root: run it as 'sudo novella doctor'.")
        }
        let reader = FactReader(
            stateDirectory: stateDir, externalInterface: externalInterface,
            cloudTag: CloudTag.of(stateDirectory: stateDir))
        let findings = Diagnosis.findings(try await reader.read())
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(findings), as: UTF8.self))
        } else {
            for finding in findings { print(Self.text(finding)) }
        }
        if findings.contains(where: { $0.level == .failure }) { throw ExitCode(1) }
    }

    private static func text(_ finding: Finding) -> String {
        let mark = finding.level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        let line = "\(mark) \(finding.check): \(finding.text)"
        return finding.remedy.map { "\(line)\n         -> \($0)" } ?? line
    }
}
