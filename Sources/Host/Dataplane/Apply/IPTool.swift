import Tools

extension Tool {
    /// `ip -batch`, in a namespace or the root one. Does nothing for no commands.
    static func ip(_ commands: [String], in namespace: String? = nil) async throws {
        if commands.isEmpty { return }
        let place = namespace.map { ["-n", $0] } ?? []
        do {
            try await run("ip", place + ["-batch", "-"], input: commands.joined(separator: "\n") + "\n")
        } catch let error as ToolError {
            throw error.naming(commands)
        }
    }

    static func inside(_ namespace: String, _ tool: String, _ arguments: [String], input: String = "") async throws {
        try await run("ip", ["netns", "exec", namespace, tool] + arguments, input: input)
    }
}

extension ToolError {
    /// `ip -batch` says which line failed; puts that line in the message.
    fileprivate func naming(_ commands: [String]) -> ToolError {
        var copy = self
        let failed = message.split(separator: "Command failed -:").dropFirst().first.flatMap {
            Int($0.prefix { $0.isNumber })
        }
        if let failed, commands.indices.contains(failed - 1) {
            copy.message = "'\(commands[failed - 1])': \(message)"
        }
        return copy
    }
}
