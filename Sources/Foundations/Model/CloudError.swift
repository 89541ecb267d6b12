/// What went wrong, in the words of the one who asked, with the cause kept for the one who operates.
///
/// The API turns `kind` into a status code in one place; nothing below the edge names a status.
package struct CloudError: Error, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable, Codable {
        case badRequest
        case unauthorized
        case forbidden
        case notFound
        /// The resource is there and has no such method.
        case notAllowed
        case conflict
        /// A quota would be exceeded: Compute answers 403, Network 409, Image 413.
        case overQuota
        case tooLarge
        case unsupportedMedia
        case notAcceptable
        case gone
        case notImplemented
        /// Try again later: a queue is full or a host does not answer.
        case unavailable
        case `internal`
    }

    package var kind: Kind
    /// What the real service calls this error, where its clients branch on that: Neutron's `NeutronError.type`.
    package var type: String?
    /// Shown to the caller: what was wrong, with which value, and what to do.
    package var message: String
    /// For logs only.
    package var detail: String?
    package var cause: (any Error)?

    package init(
        _ kind: Kind, _ message: String, type: String? = nil, detail: String? = nil, cause: (any Error)? = nil
    ) {
        self.kind = kind
        self.type = type
        self.message = message
        self.detail = detail
        self.cause = cause
    }

    package static func badRequest(_ message: String) -> Self { Self(.badRequest, message) }
    package static func conflict(_ message: String) -> Self { Self(.conflict, message) }
    /// For routes that the real service has removed, in the words of Nova's framework.
    package static var gone: Self {
        Self(.gone, "This resource is no longer available.  No forwarding address is given.")
    }
    package static func notFound(_ noun: String, _ id: some CustomStringConvertible) -> Self {
        Self(.notFound, "\(noun) \(id) could not be found.")
    }

    /// The whole chain, outermost first, for a log line.
    package var description: String {
        var text = "\(kind.rawValue): \(message)"
        if let detail { text += " [\(detail)]" }
        if let cause { text += "; caused by \(cause)" }
        return text
    }
}
