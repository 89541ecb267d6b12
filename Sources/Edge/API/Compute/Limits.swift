import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/limits`.
struct LimitsAPI: Sendable {
    let compute: ComputeService

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
        let version = request.version
        return .json { writer in
            writer.object("limits") { writer in
                writer.array("rate") { _ in }
                writer.object("absolute") { Self.write(quotas, at: version, to: &$0) }
            }
        }
    }

    private static func write(_ quotas: [String: Quota], at version: Microversion, to writer: inout JSONWriter) {
        func limit(_ resource: String) -> Int { quotas[resource]?.limit ?? -1 }
        func used(_ resource: String) -> Int { quotas[resource]?.used ?? 0 }
        writer.field("maxTotalInstances", limit("instances"))
        writer.field("maxTotalCores", limit("cores"))
        writer.field("maxTotalRAMSize", limit("ram"))
        writer.field("maxServerMeta", limit("metadata_items"))
        writer.field("maxTotalKeypairs", limit("key_pairs"))
        writer.field("maxServerGroups", limit("server_groups"))
        writer.field("maxServerGroupMembers", limit("server_group_members"))
        writer.field("totalInstancesUsed", used("instances"))
        writer.field("totalCoresUsed", used("cores"))
        writer.field("totalRAMUsed", used("ram"))
        writer.field("totalServerGroupsUsed", used("server_groups"))
        if version < Microversion(2, 36) {
            for name in ["maxSecurityGroups", "maxSecurityGroupRules", "maxTotalFloatingIps"] {
                writer.key(text: name)
                writer.value(-1)
            }
            for name in ["totalSecurityGroupsUsed", "totalFloatingIpsUsed"] {
                writer.key(text: name)
                writer.value(0)
            }
        }
        if version < Microversion(2, 39) { writer.field("maxImageMeta", 128) }
        if version < Microversion(2, 57) {
            writer.field("maxPersonality", 5)
            writer.field("maxPersonalitySize", 10_240)
        }
    }
}
