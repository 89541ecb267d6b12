import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/servers/{id}/topology` (2.78): guests here are given no NUMA nodes.
struct ServerTopologyAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [
            Route(.get, "/servers/{server_id}/topology", .reader, versions: Microversion(2, 78)...Microversion(2, 9999))
            { request in
                _ = try await compute.server(request.id("server_id"), by: request.caller)
                return .json { writer in
                    writer.array("nodes") { _ in }
                    writer.null("pagesize_kb")
                }
            }
        ]
    }
}
