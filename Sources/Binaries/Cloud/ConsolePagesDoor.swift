import API
import APIKit
import HTTPTypes
import Hummingbird
import Logging

/// Serves noVNC's files, by which browsers show consoles, and passes everything else on.
struct ConsolePagesDoor<Inner: HTTPResponder<FrontContext>>: HTTPResponder {
    private let inner: Inner
    private let files: FileMiddleware<FrontContext, LocalFileSystem>

    init(inner: Inner, folder: String, logger: Logger) {
        self.inner = inner
        // It tells in the log which folder it has.
        var quiet = logger
        quiet.logLevel = .warning
        files = FileMiddleware(folder, urlBasePath: ConsoleAPI.pagesPath, logger: quiet)
    }

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        guard request.uri.path.hasPrefix(ConsoleAPI.pagesPath + "/") else {
            return try await inner.respond(to: request, context: context)
        }
        if Self.isPlain(request.uri.path), let page = try await page(request, context) { return page }
        let text = "There is no such page; those of consoles come with Debian's package 'novnc'.\n"
        return Response(
            status: .notFound, headers: [.contentType: "text/plain"], body: .init(byteBuffer: .init(string: text)))
    }

    private func page(_ request: Request, _ context: FrontContext) async throws -> Response? {
        var head = request.head
        head.headerFields[.range] = nil
        let whole = Request(head: head, body: request.body)
        do {
            var response = try await files.handle(whole, context: context) { _, _ in throw HTTPError(.notFound) }
            guard [.ok, .notModified].contains(response.status) else { return nil }
            response.headers[.xContentTypeOptions] = "nosniff"
            return response
        } catch is any HTTPResponseError {
            return nil
        }
    }

    /// Names of letters, digits and `.-_`, none of which is `..`.
    private static func isPlain(_ path: String) -> Bool {
        path.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "/.-_".utf8.contains(byte)
            }
        } && !path.contains("..") && !path.contains("//")
    }
}
