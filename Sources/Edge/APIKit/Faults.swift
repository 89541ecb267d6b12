import HTTPTypes
import Model
import Wire

/// Errors as each service's clients expect them. Status codes are chosen here and nowhere else.
enum Faults {
    static func status(_ kind: CloudError.Kind, _ style: FaultStyle) -> HTTPResponse.Status {
        switch kind {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .notAllowed: style == .compute ? .notFound : .methodNotAllowed
        case .conflict: .conflict
        case .overQuota: style == .network ? .conflict : style == .image ? .contentTooLarge : .forbidden
        case .tooLarge: .contentTooLarge
        case .unsupportedMedia: .unsupportedMediaType
        case .notAcceptable: .notAcceptable
        case .gone: .gone
        case .notImplemented: .notImplemented
        case .unavailable: .serviceUnavailable
        case .internal: .internalServerError
        }
    }

    /// `accept` is what the client takes; `rootURL` is where it finds the identity service.
    static func response(
        _ error: CloudError, _ style: FaultStyle, requestID: String, accept: String?, rootURL: String
    ) -> APIResponse {
        let status = status(error.kind, style)
        var response =
            style == .image && !wantsJSON(accept)
            ? page(error, status) : APIResponse.json(status) { write(error, status, style, requestID, &$0) }
        if error.kind == .unavailable { response.headers[.retryAfter] = "5" }
        if error.kind == .unauthorized { response.headers[.wwwAuthenticate] = "Keystone uri=\"\(rootURL)/identity\"" }
        return response
    }

    /// Whether a client prefers JSON to HTML: it names it, and does not name HTML before (RFC 9110, 12.5.1, without
    /// weights). Glance answers HTML where either will do, and its client reads JSON in another form.
    private static func wantsJSON(_ accept: String?) -> Bool {
        let types = (accept ?? "").split(separator: ",").map { part in
            part.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        }
        let first = types.first { $0 == "application/json" || $0 == "text/html" }
        return first == "application/json"
    }

    private static func page(_ error: CloudError, _ status: HTTPResponse.Status) -> APIResponse {
        let title = "\(status.code) \(status.reasonPhrase)"
        let text = error.message.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;")
        let page = """
            <html>
             <head>
              <title>\(title)</title>
             </head>
             <body>
              <h1>\(title)</h1>
              \(text)<br /><br />
             </body>
            </html>
            """
        return APIResponse(
            status, headers: [.contentType: "text/html; charset=UTF-8"], body: .bytes(Array(page.utf8)))
    }

    private static func write(
        _ error: CloudError, _ status: HTTPResponse.Status, _ style: FaultStyle, _ requestID: String,
        _ writer: inout JSONWriter
    ) {
        switch style {
        case .compute:
            writer.key(text: computeName(error.kind))
            writer.object {
                $0.field("code", status.code)
                $0.field("message", error.message)
            }
        case .identity:
            writer.object("error") {
                $0.field("code", status.code)
                $0.field("message", error.message)
                $0.field("title", status.reasonPhrase)
            }
        case .network:
            writer.object("NeutronError") {
                $0.field("type", error.type ?? networkType(error.kind))
                $0.field("message", error.message)
                $0.field("detail", "")
            }
        case .image:
            writer.field("message", error.message)
            writer.field("code", "\(status.code) \(status.reasonPhrase)")
            writer.field("title", status.reasonPhrase)
        case .placement:
            writer.array("errors") {
                $0.object {
                    $0.field("status", status.code)
                    $0.field("title", status.reasonPhrase)
                    $0.field("detail", error.message)
                    $0.field("request_id", requestID)
                }
            }
        }
    }

    private static func computeName(_ kind: CloudError.Kind) -> String {
        switch kind {
        case .badRequest, .unsupportedMedia: "badRequest"
        case .unauthorized: "unauthorized"
        case .forbidden, .overQuota: "forbidden"
        case .notFound, .notAllowed: "itemNotFound"
        case .conflict: "conflictingRequest"
        case .tooLarge: "overLimit"
        case .notAcceptable, .gone, .internal: "computeFault"
        case .notImplemented: "notImplemented"
        case .unavailable: "serviceUnavailable"
        }
    }

    private static func networkType(_ kind: CloudError.Kind) -> String {
        switch kind {
        case .badRequest: "BadRequest"
        case .unauthorized: "HTTPUnauthorized"
        case .forbidden: "PolicyNotAuthorized"
        case .notFound: "HTTPNotFound"
        case .notAllowed: "HTTPMethodNotAllowed"
        case .notImplemented: "HTTPNotImplemented"
        case .conflict: "Conflict"
        case .overQuota: "OverQuota"
        default: "HTTPInternalServerError"
        }
    }
}
