import APIKit
import HTTPTypes
import Hummingbird
import Identity
import Logging
import Model

/// Answers `GET /metrics` and passes everything else on: to administrators, and to whoever sends the token that lies in
/// the state folder (`Authorization: Bearer`). Where a request comes from says nothing: a proxy on this machine may ask
/// for anybody.
struct MetricsDoor<Inner: HTTPResponder<FrontContext>>: HTTPResponder {
    let inner: Inner
    let cloud: Cloud
    let logger: Logger

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        guard request.uri.path == "/metrics", request.method == .get else {
            return try await inner.respond(to: request, context: context)
        }
        do {
            guard try await admits(request) else {
                return Self.text(
                    .unauthorized,
                    "Send the metrics-token of the state folder as a bearer, or an administrator's X-Auth-Token.\n")
            }
            return Self.text(.ok, try await cloud.metricsText())
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.error("the metrics cannot be gathered", metadata: ["error": "\(error)"])
            return Self.text(.internalServerError, "The metrics cannot be gathered; the service's log knows why.\n")
        }
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        let type = status == .ok ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain"
        return Response(status: status, headers: [.contentType: type], body: .init(byteBuffer: .init(string: text)))
    }

    private func admits(_ request: Request) async throws -> Bool {
        if let bearer = request.headers[.authorization], cloud.metricsToken.matches(bearer) { return true }
        guard let token = request.headers[.authToken] else { return false }
        do {
            return try await cloud.identity.caller(token: token, requestID: "metrics").isAdmin
        } catch let error as CloudError where error.kind == .unauthorized {
            return false
        }
    }
}
