import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/servers/{id}/os-security-groups`.
struct ServerSecurityGroupsAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        [Route(.get, "/servers/{id}/os-security-groups", .reader, handler: list)]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let (groups, seen) = try await compute.securityGroups(of: request.id(), by: request.caller)
        let form = SecurityGroupForm(seen)
        return .json { writer in
            writer.array("security_groups") { writer in
                for one in groups { writer.object { form.write(one.group, one.rules, to: &$0) } }
            }
        }
    }
}
