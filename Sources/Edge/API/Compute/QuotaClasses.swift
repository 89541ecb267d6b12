import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-quota-class-sets`. The class `default` has the limits of all projects that have none of their own; others are
/// kept and have no effect, as in Nova.
struct QuotaClassesAPI: Sendable {
    let compute: ComputeService

    /// The members of answers and of bodies that not every version knows.
    private static let former = Quota.formerComputeDefaults.map {
        Field(until: $0.until == 36 ? 49 : $0.until - 1, $0.resource)
    }
    /// Those that answers show later than bodies may name them.
    private static let late = [Field(since: 50, "server_groups"), Field(since: 50, "server_group_members")]

    var routes: [Route] {
        [
            Route(.get, "/os-quota-class-sets/{id}", .admin) { request in
                let limits = try await compute.quotas(ofClass: request.parameter("id"))
                return render(limits, request, withID: true)
            },
            Route(.put, "/os-quota-class-sets/{id}", .admin, handler: update),
        ]
    }

    private func render(
        _ limits: [(resource: String, limit: Int)], _ request: APIRequest, withID: Bool
    ) -> APIResponse {
        let hidden = (Self.former + Self.late).absent(at: request.version)
        return .json { writer in
            writer.object("quota_class_set") { writer in
                if withID { writer.field("id", request.parameter("id")) }
                for (resource, limit) in limits where !hidden.contains(resource) {
                    writer.key(text: resource)
                    writer.value(limit)
                }
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("quota_class_set", Self.former)
        try fields.refuseNulls()
        var limits: [String: Int] = [:]
        for (resource, _) in Quota.allComputeDefaults {
            if let limit = try fields.optionalInt(resource, -1...Int(Int32.max)) { limits[resource] = limit }
        }
        try fields.finish()
        let name = request.parameter("id")
        guard (1...255).contains(name.unicodeScalars.count) else {
            throw CloudError.badRequest("Invalid input received: quota_class_name has 1 to 255 characters.")
        }
        try await compute.setQuotas(limits, ofClass: name)
        return render(try await compute.quotas(ofClass: name), request, withID: false)
    }
}
