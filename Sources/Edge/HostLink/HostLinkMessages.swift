import Foundation
import HostProtocol
import Model

/// One line of the answer that stays open; JSON, ended by a newline.
enum LineMessage: Codable, Sendable, Equatable {
    /// Comes first.
    case opened
    /// Comes every few seconds.
    case alive
    case nudge(HostNudge)
    case console(ConsoleQuestion)
    case diagnostics(DiagnosticsQuestion)
    case openConsole(ConsoleCall)
}

/// The answer's output is a `GuestDiagnostics`, JSON.
struct DiagnosticsQuestion: Codable, Sendable, Equatable {
    var id: String
    var server: ServerID
}

/// The control plane asks for the tail of a serial log; the answer names the question.
struct ConsoleQuestion: Codable, Sendable, Equatable {
    var id: String
    var server: ServerID
    var maxBytes: Int
}

/// The control plane asks for a console to be opened; what is said in it comes and goes by requests that name the call.
struct ConsoleCall: Codable, Sendable, Equatable {
    var id: String
    var server: ServerID
    var kind: ConsoleKind
}

struct ConsoleAnswer: Codable, Sendable {
    var output: Data?
    var failure: LinkFailure?
}

/// A refusal as it goes over the line. Both ends are the operator's own, so the detail goes along.
struct LinkFailure: Codable, Sendable {
    var kind: CloudError.Kind
    var message: String
    var detail: String?

    init(_ error: any Error) {
        let known = error as? CloudError
        kind = known?.kind ?? .internal
        message = known?.message ?? (error as? HostFailure)?.message ?? "The other end of the host's line failed."
        detail = known == nil ? "\(error)" : known?.detail
    }

    var error: CloudError { CloudError(kind, message, detail: detail) }
}

/// The longest message but for images, which are streamed; bytes.
let messageLimit = 64 << 20
/// How often the line carries a sign of life. The cloud sees by it that an agent has gone, and the agent that a cloud
/// hangs.
let aliveEvery = Duration.seconds(2)
