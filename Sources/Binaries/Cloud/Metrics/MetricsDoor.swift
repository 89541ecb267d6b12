import APIKit
import HTTPTypes
import Hummingbird
import Identity
import Model

/// Answers `GET /metrics` and passes everything else on. Who asks from this machine needs no token, unless a proxy asks
/// for somebody else; all others need an administrator's.
struct MetricsDoor<Inner: HTTPResponder<FrontContext>>: HTTPResponder {
    let inner: Inner
    let cloud: Cloud

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        guard request.uri.path == "/metrics", request.method == .get else {
            return try await inner.respond(to: request, context: context)
        }
        guard try await admits(request, context) else {
            return Response(
                status: .unauthorized, headers: [.contentType: "text/plain"],
                body: .init(
                    byteBuffer: .init(string: "Ask from this machine, or send an administrator's X-Auth-Token.\n")))
        }
        let text = try await cloud.metricsText()
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: .init(string: text)))
    }

    private func admits(_ request: Request, _ context: FrontContext) async throws -> Bool {
        let isForwarded = request.headers.contains { field in
            ["forwarded", "x-forwarded-for", "x-real-ip"].contains(field.name.canonicalName)
        }
        if context.isLoopback, !isForwarded { return true }
        guard let token = request.headers[.authToken] else { return false }
        do {
            return try await cloud.identity.caller(token: token, requestID: "metrics").isAdmin
        } catch let error as CloudError where error.kind == .unauthorized {
            return false
        }
    }
}
