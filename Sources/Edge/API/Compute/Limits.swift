import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/limits`.
struct LimitsAPI: Sendable {
    private typealias Quotas = [String: Quota]

    let compute: ComputeService

    private static let absolute: [Field<FieldWriter<Quotas>>] = [
        limit("maxTotalInstances", "instances"),
        limit("maxTotalCores", "cores"),
        limit("maxTotalRAMSize", "ram"),
        limit("maxServerMeta", "metadata_items"),
        limit("maxTotalKeypairs", "key_pairs"),
        limit("maxServerGroups", "server_groups"),
        limit("maxServerGroupMembers", "server_group_members"),
        used("totalInstancesUsed", "instances"),
        used("totalCoresUsed", "cores"),
        used("totalRAMUsed", "ram"),
        used("totalServerGroupsUsed", "server_groups"),
        constant("maxSecurityGroups", -1, until: 35),
        constant("maxSecurityGroupRules", -1, until: 35),
        constant("maxTotalFloatingIps", -1, until: 35),
        constant("totalSecurityGroupsUsed", 0, until: 35),
        constant("totalFloatingIpsUsed", 0, until: 35),
        limit("maxImageMeta", "metadata_items", until: 38),
        limit("maxPersonality", "injected_files", until: 56),
        limit("maxPersonalitySize", "injected_file_content_bytes", until: 56),
    ]

    private static func limit(
        _ name: StaticString, _ resource: String, until: Int = 104
    ) -> Field<FieldWriter<Quotas>> {
        Field(until: until) { $1.field(name, $0[resource]?.limit ?? -1) }
    }

    private static func used(_ name: StaticString, _ resource: String) -> Field<FieldWriter<Quotas>> {
        Field { $1.field(name, $0[resource]?.used ?? 0) }
    }

    /// What Nova no longer counts.
    private static func constant(_ name: StaticString, _ value: Int, until: Int) -> Field<FieldWriter<Quotas>> {
        Field(until: until) { $1.field(name, value) }
    }

    var routes: [Route] {
        [Route(.get, "/limits", .authenticated, handler: show)]
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        var project = try request.caller.project()
        if let other = request.query("tenant_id") {
            guard request.caller.isAdmin || other == project.text else {
                throw CloudError(
                    .forbidden, "Policy doesn't allow os_compute_api:limits:other_project to be performed.")
            }
            project = ProjectID(other)
        }
        let quotas = Dictionary(
            uniqueKeysWithValues: try await compute.quotas(of: project).map { ($0.resource, $0) })
        let plan = FieldPlan(Self.absolute, at: request.version)
        return .json { writer in
            writer.object("limits") { writer in
                writer.array("rate") { _ in }
                writer.key("absolute")
                plan.write(quotas, to: &writer)
            }
        }
    }
}
