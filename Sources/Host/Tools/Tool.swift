import Subprocess

/// A command that ended badly: the tool, what it was asked, and its own words.
package struct ToolError: Error, Sendable, CustomStringConvertible {
    package var tool: String
    package var arguments: [String]
    package var status: String
    package var message: String

    package var description: String {
        "\(tool) \(arguments.joined(separator: " ")): \(status): \(message)"
    }
}

/// Runs the system's own tools with argument arrays; nothing passes through a shell.
package enum Tool {
    /// Told the name of each tool right before it runs and right after it has ended.
    @TaskLocal package static var watch: (@Sendable (String) -> Void)?
    static let path = "/usr/sbin:/sbin:/usr/bin:/bin"
    private static let outputLimit = 64 << 20

    /// Runs to the end and returns standard output. Throws `ToolError` for a status that is not accepted.
    @discardableResult
    package static func run(
        _ tool: String, _ arguments: [String], input: String = "", accept: Set<Int32> = [0],
        timeout: Duration = .seconds(20)
    ) async throws -> String {
        watch?("before \(tool)")
        defer { watch?("after \(tool)") }
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await runToEnd(tool, arguments, input: input, accept: accept) }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let output = first else {
                throw ToolError(
                    tool: tool, arguments: arguments, status: "no end after \(timeout)", message: "it was stopped")
            }
            return output
        }
    }

    private static func runToEnd(
        _ tool: String, _ arguments: [String], input: String, accept: Set<Int32>
    ) async throws -> String {
        do {
            let result = try await Subprocess.run(
                .name(tool), arguments: Arguments(arguments),
                environment: .inherit.updating(["PATH": path, "LC_ALL": "C"]), input: .string(input),
                output: .string(limit: outputLimit), error: .string(limit: 1 << 20))
            if case .exited(let code) = result.terminationStatus, accept.contains(code) {
                return result.standardOutput
            }
            let words = result.standardError.prefix(2000).trimmingSuffix(while: \.isNewline)
            throw ToolError(
                tool: tool, arguments: arguments, status: "\(result.terminationStatus)", message: String(words))
        } catch let error as SubprocessError {
            throw ToolError(tool: tool, arguments: arguments, status: "it was not carried out", message: "\(error)")
        }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var copy = self
        while let last = copy.last, predicate(last) { copy.removeLast() }
        return copy
    }
}
