import ArgumentParser
import Cloud

/// `novella backup`: what a cloud cannot do without, copied while it runs.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy a cloud's store, keys and images into a new folder, while it runs.",
        discussion: """
            To restore, copy the folder to where the cloud's state should be and start it there with --state-dir. The
            disks of servers are not in it: a server whose host is gone stays as it was, and its host is shown as down.
            """)

    @Option(help: "The folder that holds everything the cloud knows.")
    var stateDir: String

    @Option(help: "The folder to make.")
    var to: String

    func run() async throws {
        let summary = try await StateBackup(of: stateDir).write(to: to)
        print("\(to) holds the store and \(summary.images) images, \(summary.bytes) bytes of them.")
    }
}
