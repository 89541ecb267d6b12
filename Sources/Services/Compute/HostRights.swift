import HostProtocol
package import Model
import Store

/// A host may ask for what its own placements and commands need (`docs/decisions/0018-who-a-host-is.md`). It is told of
/// anything else that it is not there.
extension ComputeService {
    package func requirePlacement(of server: ServerID, on host: HostID) async throws {
        let placement = try await database.read { try ServerPlacementQueries.observed(server, on: host, $0) }
        guard let placement, placement.role != .leaving else { throw CloudError.notFound("Server", server) }
    }

    /// The host is at a command that is to fill the image.
    package func requireCommand(toFill image: ImageID, on host: HostID) async throws {
        let commands = try await database.read { try HostCommandQueries.open(on: host, after: -1, $0) }
        guard try commands.contains(where: { try $0.arguments.value()[DesiredCommand.imageArgument] == image.text })
        else { throw CloudError.notFound("Image", image) }
    }

    package func requireNeed(of image: ImageID, on host: HostID) async throws {
        guard try await database.read({ try ServerPlacementQueries.needs(image, on: host, $0) }) else {
            throw CloudError.notFound("Image", image)
        }
    }
}
