import ArgumentParser

/// `crash-harness`: proof that operations survive the death of the process.
@main
struct CrashHarness: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash-harness", abstract: "Prove that operations survive the death of the cloud's process.",
        subcommands: [Points.self, Takeover.self, Child.self, Worker.self], defaultSubcommand: Points.self)
}
