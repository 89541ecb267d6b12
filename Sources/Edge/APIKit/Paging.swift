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
        let address = request.rootURL + request.path
        let query = request.queryParameters.text("marker", becomes: id)
        writer.array(name) { writer in
            writer.object {
                $0.field("rel", "next")
                $0.field("href", "\(address)?\(query)")
            }
        }
    }
}
