import Foundation
import Model

/// Another process of this very program.
final class Life: Sendable {
    private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()

    private let process: Process
    private let log: String
    private let ended: AsyncStream<Void>

    /// What it says to standard error is kept in `log`.
    init(_ arguments: [String], log: String) throws {
        guard FileManager.default.createFile(atPath: log, contents: nil) else {
            throw CloudError(.internal, "\(log) cannot be made.")
        }
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        self.ended = ended
        self.log = log
        process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.standardError = try FileHandle(forWritingTo: URL(filePath: log))
        process.terminationHandler = { _ in end.finish() }
        try process.run()
    }

    /// Nobody waits for it any more.
    deinit { kill(process.processIdentifier, SIGKILL) }

    var isRunning: Bool { process.isRunning }

    /// Stands still, as after SIGSTOP (proc(5), the third field of `stat`).
    var isStopped: Bool {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(process.processIdentifier)/stat") else {
            return false  // It has ended.
        }
        return String(decoding: stat, as: UTF8.self).split(separator: ")").last?.hasPrefix(" T") ?? false
    }

    /// Waits for its end; says whether SIGKILL was it. Any end but that and success is an error.
    @discardableResult
    func end() async throws -> Bool {
        for await _ in ended {}
        switch (process.terminationReason, process.terminationStatus) {
        case (.exit, 0): return false
        case (.uncaughtSignal, SIGKILL): return true
        case (_, let status):
            let said = String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
            throw CloudError(.internal, "\(process.arguments ?? []) ended with \(status): \(said.suffix(2000))")
        }
    }

    func goOn() {
        kill(process.processIdentifier, SIGCONT)
    }

    func kill() async throws {
        kill(process.processIdentifier, SIGKILL)
        try await end()
    }

    private func kill(_ id: Int32, _ signal: Int32) {
        if process.isRunning { Foundation.kill(id, signal) }
    }
}
