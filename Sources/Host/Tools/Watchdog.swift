import Subprocess

/// A tool that is there for when this process is not: it runs until it is dismissed, and sees by the end of its input
/// that nobody will.
package final class Watchdog: Sendable {
    /// The line that dismisses it; its input ends without one when this process dies.
    package static let dismissal = "done"

    private let dismissing: AsyncStream<Never>.Continuation

    private init(_ dismissing: AsyncStream<Never>.Continuation) {
        self.dismissing = dismissing
    }

    /// Returns when it runs. It has a session of its own, so that a signal to this process does not reach it.
    package static func start(_ tool: String, _ arguments: [String]) async throws -> Watchdog {
        let (started, starting) = AsyncStream.makeStream(of: Void.self)
        let (dismissed, dismissing) = AsyncStream.makeStream(of: Never.self)
        let running = Task {
            defer { starting.finish() }
            var options = PlatformOptions()
            options.createSession = true
            _ = try await Subprocess.run(
                .name(tool), arguments: Arguments(arguments),
                environment: .inherit.updating(["PATH": Tool.path, "LC_ALL": "C"]), platformOptions: options,
                input: .inputWriter, output: .discarded, error: .discarded
            ) { execution in
                starting.yield()
                for await _ in dismissed {}
                _ = try await execution.standardInputWriter.write(Self.dismissal + "\n")
                try await execution.standardInputWriter.finish()
            }
        }
        for await _ in started { return Watchdog(dismissing) }
        try await running.value
        throw ToolError(tool: tool, arguments: arguments, status: "it was not started", message: "")
    }

    package func dismiss() { dismissing.finish() }
}
