import Foundation
import HostProtocol
import Subprocess

/// Runs the tools that make disks, each with a deadline.
package struct ToolRunner: Sendable {
    /// Told the name of each tool right before it runs and right after it has ended.
    @TaskLocal package static var watch: (@Sendable (String) -> Void)?
    private static let outputLimit = 65_536

    /// - Throws: `HostFailure` with the tool's own words when it fails, cannot be started or takes too long.
    func run(_ command: ToolCommand) async throws {
        Self.watch?("before \(command.executable)")
        defer { Self.watch?("after \(command.executable)") }
        let status = try await withThrowingTaskGroup(of: (Bool, String)?.self) { group in
            group.addTask { try await Self.execute(command) }
            group.addTask {
                try await Task.sleep(for: .seconds(command.timeoutSeconds))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let (succeeded, words) = status else {
            try Task.checkCancellation()
            throw Self.failure(command, "no end after \(command.timeoutSeconds) s")
        }
        if !succeeded { throw Self.failure(command, words) }
    }

    private static func execute(_ command: ToolCommand) async throws -> (Bool, String) {
        do {
            let result = try await Subprocess.run(
                .name(command.executable), arguments: Arguments(command.arguments),
                environment: .inherit.updating(["LC_ALL": "C"]), output: .string(limit: outputLimit),
                error: .string(limit: outputLimit))
            let words = [result.standardError, result.standardOutput].joined(separator: " ")
            return (result.terminationStatus.isSuccess, "\(result.terminationStatus): \(words)")
        } catch let error as SubprocessError {
            return (false, "\(error)")
        }
    }

    private static func failure(_ command: ToolCommand, _ words: String) -> HostFailure {
        let detail = "\(command.executable) \(command.arguments.joined(separator: " ")): \(words)"
        return words.contains("No space left on device")
            ? .diskFull(detail) : HostFailure(message: "The host could not make a disk of the server.", detail: detail)
    }
}
