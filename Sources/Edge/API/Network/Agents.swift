import APIKit
import Attributes
import HTTPTypes
import Model
import Networking
import Wire

/// `/agents`: what does the work of networks on each host. Who is no administrator sees none.
struct AgentsAPI: Sendable {
    let networking: NetworkingService

    private var resource: NetworkResource<AgentDraft> {
        NetworkResource(
            table: AgentAttributes.table(at: networking.clock.now()), networking: networking, path: "agents")
    }

    var routes: [Route] {
        [
            Route(.get, "/agents", .reader) { try await resource.list($0) },
            Route(.get, "/agents/{id}", .reader) { try await resource.answer($0.parameter("id"), $0) },
            Route(.put, "/agents/{id}", .admin) { request in
                let resource = resource
                var draft = AgentDraft()
                try await resource.change(request).apply(to: &draft)
                try await networking.update(agent: request.id(), draft)
                return try await resource.answer(request.parameter("id"), request)
            },
            Route(.delete, "/agents/{id}", .admin) { request in
                try await networking.deleteAgent(request.id())
                return .noContent
            },
        ]
    }
}
