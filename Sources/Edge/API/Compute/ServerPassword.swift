import APIKit
import Compute
import HTTPTypes
import Model
import Wire

/// `/servers/{id}/os-server-password`: what the guest has handed over, encrypted.
struct ServerPasswordAPI: Sendable {
    let compute: ComputeService

    var routes: [Route] {
        let path = "/servers/{id}/os-server-password"
        return [
            Route(.get, path, .reader) { request in
                let password = try await compute.guestPassword(of: request.id(), by: request.caller)
                return .json { $0.field("password", password ?? "") }
            },
            Route(.delete, path, .member) { request in
                try await compute.clearGuestPassword(of: request.id(), by: request.caller)
                return .noContent
            },
        ]
    }
}
