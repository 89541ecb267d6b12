package import Model
import Store

extension ComputeService {
    /// The project of a server that may be deleted.
    package func project(ofAny id: ServerID) async throws -> ProjectID {
        guard let server = try await database.read({ try $0.find(Server.self, key: .id(id)) }) else {
            throw CloudError(.notFound, "Instance \(id) could not be found.")
        }
        return server.projectID
    }
}
