import APIKit
import HTTPTypes
import Model

/// Nova's routes that are not built yet (501), and those that Nova itself has removed (410 at every version).
enum UnfinishedAPI {
    private struct Row {
        var path: String
        var methods: [HTTPRequest.Method]
        var first: Int
        var last: Int

        init(_ path: String, _ methods: [HTTPRequest.Method], _ first: Int = 1, _ last: Int = 104) {
            self.path = path
            self.methods = methods
            self.first = first
            self.last = last
        }
    }

    private static let unfinished = [
        Row("/os-aggregates/{id}/images", [.post], 81),
        Row("/os-assisted-volume-snapshots", [.post]),
        Row("/os-assisted-volume-snapshots/{id}", [.delete]),
        Row("/os-snapshots", [.post], 1, 35),
        Row("/os-volumes", [.post], 1, 35),
        Row("/servers/{server_id}/os-volume_attachments", [.post]),
        Row("/servers/{server_id}/os-volume_attachments/{id}", [.put, .delete]),
        Row("/servers/{server_id}/shares", [.post], 97),
    ]

    private static let gone = [
        Row("/os-agents", [.get, .post]),
        Row("/os-agents/{id}", [.put, .delete]),
        Row("/os-cells", [.post, .get]),
        Row("/os-cells/capacities", [.get]),
        Row("/os-cells/detail", [.get]),
        Row("/os-cells/info", [.get]),
        Row("/os-cells/sync_instances", [.post]),
        Row("/os-cells/{id}", [.get, .put, .delete]),
        Row("/os-cells/{id}/capacities", [.get]),
        Row("/os-certificates", [.post]),
        Row("/os-certificates/{id}", [.get]),
        Row("/os-cloudpipe", [.get, .post]),
        Row("/os-cloudpipe/{id}", [.put]),
        Row("/os-fixed-ips/{id}", [.get]),
        Row("/os-fixed-ips/{id}/action", [.post]),
        Row("/os-floating-ip-dns", [.get]),
        Row("/os-floating-ip-dns/{id}", [.put, .delete]),
        Row("/os-floating-ip-dns/{domain_id}/entries/{id}", [.get, .put, .delete]),
        Row("/os-floating-ips-bulk", [.get, .post]),
        Row("/os-floating-ips-bulk/{id}", [.get, .put]),
        Row("/os-fping", [.get]),
        Row("/os-fping/{id}", [.get]),
        Row("/os-networks", [.post]),
        Row("/os-networks/add", [.post]),
        Row("/os-networks/{id}", [.delete]),
        Row("/os-networks/{id}/action", [.post]),
        Row("/os-security-group-default-rules", [.get, .post]),
        Row("/os-security-group-default-rules/{id}", [.get, .delete]),
        Row("/os-tenant-networks", [.post]),
        Row("/os-tenant-networks/{id}", [.delete]),
        Row("/servers/{server_id}/consoles", [.get, .post]),
        Row("/servers/{server_id}/consoles/{id}", [.get, .delete]),
        Row("/servers/{server_id}/os-virtual-interfaces", [.get]),
    ]

    static var routes: [Route] {
        unfinished.flatMap { row in
            answering(row) { CloudError(.notImplemented, "\($0) \(row.path) is not available in this release.") }
        }
            + gone.flatMap { row in answering(row) { _ in .gone } }
    }

    private static func answering(
        _ row: Row, _ error: @escaping @Sendable (HTTPRequest.Method) -> CloudError
    ) -> [Route] {
        let versions = Microversion(2, row.first)...Microversion(2, row.last)
        return row.methods.map { method in
            var route = Route(method, row.path, .authenticated, versions: versions) { _ in throw error(method) }
            route.isOffered = false
            return route
        }
    }
}
