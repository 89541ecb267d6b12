import APIKit
import Attributes
import Wire

enum NetworkLinks {
    /// Where the pages before and after this one are, if there may be any.
    static func write(
        _ name: String, of page: Listing, _ query: ListQuery, _ request: APIRequest, to writer: inout JSONWriter
    ) {
        guard let limit = query.limit else { return }
        let isFull = page.count >= limit
        let hasNext = isFull || query.isReversed
        let hasPrevious = isFull || !query.isReversed
        guard hasNext || hasPrevious else { return }
        let address = request.rootURL + request.path
        func link(_ marker: String?, reversed: Bool) -> String {
            var parameters = request.queryParameters
            if let marker { parameters = parameters.with("marker", marker) }
            parameters = parameters.with("page_reverse", reversed ? "True" : nil)
            return "\(address)?\(parameters.text)"
        }
        writer.key(text: name)
        writer.array { writer in
            if hasNext {
                writer.object {
                    $0.field("rel", "next")
                    $0.field("href", link(page.last, reversed: false))
                }
            }
            if hasPrevious {
                writer.object {
                    $0.field("rel", "previous")
                    $0.field("href", link(page.first, reversed: true))
                }
            }
        }
    }
}
