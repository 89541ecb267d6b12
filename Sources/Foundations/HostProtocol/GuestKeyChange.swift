import Model

/// Public keys that a user of a guest is given, or that are taken from it.
package struct GuestKeyChange: Sendable, Equatable {
    /// Of the guest's own.
    package var user: String
    /// Lines of its `authorized_keys`: type, key and comment.
    package var lines: [String]
    package var isRemoval: Bool

    package init(user: String, lines: [String], isRemoval: Bool) {
        self.user = user
        self.lines = lines
        self.isRemoval = isRemoval
    }

    private static let userArgument = "user"
    private static let keysArgument = "keys"

    /// As a command carries it.
    package var arguments: [String: String] {
        [Self.userArgument: user, Self.keysArgument: lines.joined(separator: "\n")]
    }

    /// `nil` for a command that is none.
    package init?(_ command: DesiredCommand) {
        guard [.addKeys, .removeKeys].contains(command.action), let user = command.arguments[Self.userArgument],
            let keys = command.arguments[Self.keysArgument]
        else { return nil }
        self.init(
            user: user, lines: keys.split(separator: "\n").map(String.init), isRemoval: command.action == .removeKeys)
    }

    /// Of the lines that a user has, those by which a key is known; options before it and a comment behind it are not
    /// the key.
    package static func lines(_ lines: [String], of key: String) -> [String] {
        func blobs(_ line: String) -> [Substring] { line.split(separator: " ").filter { $0.hasPrefix("AAAA") } }
        let wanted = Set(blobs(key))
        return lines.filter { !wanted.isDisjoint(with: blobs($0)) }
    }
}
