import HTTPTypes
import Hummingbird
import Model
package import Wire

/// Nova's paging: at most 1,000 a page, `marker` is the last id of the page before.
package struct Page: Sendable {
    package static let maximum = 1000
    package var limit: Int
    package var marker: String?

    package init(_ request: APIRequest) throws {
        let asked = try request.integer("limit") ?? Self.maximum
        limit = min(asked, Self.maximum)
        marker = request.query("marker").flatMap { $0.isEmpty ? nil : $0 }
    }

    /// `"name_links": [{"rel": "next", ...}]` when the page is full.
    package func writeNext(
        _ name: StaticString, last id: String?, count: Int, _ request: APIRequest, to writer: inout JSONWriter
    ) {
        guard let id, count == limit, limit > 0 else { return }
        var query = request.request.uri.queryParameters.compactMap { pair -> String? in
            pair.key == "marker" ? nil : "\(pair.key)=\(pair.value)"
        }
        query.append("marker=\(id)")
        let path = request.path
        let root = request.rootURL
        writer.array(name) { writer in
            writer.object {
                $0.field("rel", "next")
                $0.field("href", "\(root)\(path)?\(query.joined(separator: "&"))")
            }
        }
    }
}

extension APIRequest {
    /// Scheme and host.
    package var rootURL: String {
        "\(request.head.scheme ?? "http")://\(request.head.authority ?? "localhost")"
    }
}
