import Foundation
package import Model
package import Networking
import Store

/// All that a server's metadata is made of.
package struct MetadataSource: Sendable {
    package var server: Server
    package var flavor: FlavorSnapshot
    package var metadata: [String: String]
    package var publicKeys: [PublicKey]
    /// As bytes, decoded.
    package var userData: [UInt8]?
    package var files: [InjectedFile]
    package var adminPassword: String?
    /// What the guest has handed over.
    package var guestPassword: String?
    package var attachments: [PortAttachment]
}

extension ComputeService {
    package func metadataSource(of id: ServerID) async throws -> MetadataSource {
        let (server, request, guestPassword) = try await database.read { db in
            guard let server = try ServerQueries.live(id, db),
                let request = try db.find(ServerRequest.self, key: .id(id))
            else { throw CloudError(.notFound, "Instance \(id) could not be found.") }
            return (server, request, try GuestPasswordQueries.password(of: id, db))
        }
        let userData = request.userData.flatMap { Data(base64Encoded: $0, options: .ignoreUnknownCharacters) }
        return MetadataSource(
            server: server, flavor: try server.flavor.value(), metadata: try server.metadata.value(),
            publicKeys: try request.publicKeys.value(), userData: userData.map { Array($0) },
            files: try request.files.value(),
            adminPassword: request.adminPassword, guestPassword: guestPassword,
            attachments: try await network.attachments(of: id, in: server.projectID))
    }

    /// The server that holds an address in a network: how a guest that asks for metadata is known.
    package func server(at address: String, on network: NetworkID) async throws -> ServerID? {
        guard let claim = try await self.network.claim(at: address, on: network),
            let server = try await database.read({ try ServerQueries.live(claim.server, $0) }),
            server.projectID == claim.project
        else { return nil }
        return server.id
    }
}
