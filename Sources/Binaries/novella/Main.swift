import ArgumentParser

@main
struct Novella: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "novella", abstract: "A compute cloud in one binary.", version: Version.text,
        subcommands: [Up.self, Destroy.self, Inspect.self, Backup.self])
}

enum Version {
    static let text = "0.1.0"
}
