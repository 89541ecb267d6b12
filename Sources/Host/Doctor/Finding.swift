/// What was found of one thing that guests need, and what to do about it.
package struct Finding: Codable, Sendable, Equatable {
    package enum Level: String, Codable, Sendable {
        case ok
        /// Guests run, but not as well as they could.
        case warning
        /// Guests do not start, or cannot be reached.
        case failure
    }

    /// What was looked at, in one word or two.
    package var check: String
    package var level: Level
    /// What is, with the value that was read.
    package var text: String
    /// What to do; `nil` when all is well.
    package var remedy: String?

    static func ok(_ check: String, _ text: String) -> Self { Self(check: check, level: .ok, text: text) }

    static func warning(_ check: String, _ text: String, remedy: String) -> Self {
        Self(check: check, level: .warning, text: text, remedy: remedy)
    }

    static func failure(_ check: String, _ text: String, remedy: String) -> Self {
        Self(check: check, level: .failure, text: text, remedy: remedy)
    }
}
