import APIKit
import HTTPTypes
import Model
import Store

/// `/healthz`: the store answers.
enum HealthAPI {
    static func routes(database: any Database) -> [Route] {
        [
            Route(.get, "/healthz", .anyone) { _ in
                _ = try await database.read { try ChangeFeedQueries.sequence(.identity, $0) }
                return APIResponse(.ok, headers: [.contentType: "text/plain"], body: .bytes(Array("ok\n".utf8)))
            }
        ]
    }
}
