import ArgumentParser
import Cloud

@main
struct Novella: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "novella", abstract: "A compute cloud in one binary.", version: Version.text,
        subcommands: [Up.self, Serve.self, RunAgent.self, DoctorVerb.self, Destroy.self, Inspect.self, Backup.self])

    static func main() async {
        if ["up", "serve", "agent"].contains(CommandLine.arguments.dropFirst().first) { FreeMemory.keepSmallPieces() }
        FreeMemory.keepTogether()
        do {
            await main(try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst())))
        } catch {
            exit(withError: error)
        }
    }
}

enum Version {
    static let text = "0.1.0"
}
