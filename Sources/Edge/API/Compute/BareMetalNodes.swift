import APIKit
import HTTPTypes
import Model
import Wire

/// `/os-baremetal-nodes` as a cloud without a bare metal service has it, until 2.35: there are no nodes to ask for, and
/// changes were never made here.
struct BareMetalNodesAPI: Sendable {
    private static let versions = Microversion(2, 1)...Microversion(2, 35)
    private static let path = "/os-baremetal-nodes"

    var routes: [Route] {
        let none = CloudError(.notImplemented, "This cloud has no bare metal service, so it has no nodes.")
        return [
            Self.refusing(.get, Self.path, .admin) { _ in none },
            Self.refusing(.get, "\(Self.path)/{id}", .admin) { _ in none },
            Self.refusing(.post, Self.path) { _ in Self.elsewhere("node-create") },
            Self.refusing(.delete, "\(Self.path)/{id}") { _ in Self.elsewhere("node-delete") },
            Self.refusing(.post, "\(Self.path)/{id}/action", answer: act),
        ]
    }

    private static func refusing(
        _ method: HTTPRequest.Method, _ path: String, _ access: AccessLevel = .authenticated,
        answer: @escaping @Sendable (APIRequest) async throws -> CloudError
    ) -> Route {
        var route = Route(method, path, access, versions: versions) { throw try await answer($0) }
        route.isOffered = false
        return route
    }

    private static func elsewhere(_ command: String) -> CloudError {
        CloudError.badRequest(
            "Command not supported. Please use Ironic command \(command) to perform this action.")
    }

    @Sendable
    private func act(_ request: APIRequest) async throws -> CloudError {
        guard case .object(let members) = try await request.json(), members.count == 1, let name = members.first?.key
        else { return CloudError.badRequest("The body must be an object with one key, the action's name.") }
        switch name {
        case "add_interface": return Self.elsewhere("port-create")
        case "remove_interface": return Self.elsewhere("port-delete")
        default: return CloudError.badRequest("There is no such action: \(name.prefix(80))")
        }
    }
}
