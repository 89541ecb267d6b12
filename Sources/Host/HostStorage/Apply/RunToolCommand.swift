import HostProtocol
import Tools

extension ToolCommand {
    /// - Throws: `HostFailure` with the tool's own words when it fails, cannot be started or takes too long.
    func run() async throws {
        do {
            try await Tool.run(executable, arguments, timeout: timeout)
        } catch let error as ToolError {
            throw error.message.contains("No space left on device")
                ? HostFailure.diskFull("\(error)")
                : HostFailure(message: "The host could not make a disk of the server.", detail: "\(error)")
        }
    }
}
