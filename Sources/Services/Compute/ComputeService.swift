package import Image
package import Logging
package import Model
package import Networking
package import Store
package import Workflow

/// Nova's verbs. A verb that changes a server writes its intent and a workflow in one transaction and returns; the
/// workflow does the work.
package struct ComputeService: Sendable {
    package let database: any Database
    package let clock: any CloudClock
    package let capacity: CapacityIndex
    package let hostDigests = HostDigests()
    let signsOfLife = SignsOfLife()
    let metadataAskers = MetadataAskers()
    let setAside: SetAsideTimes
    let network: NetworkCalls
    let image: ImageCalls
    let bells: ComputeBells
    let keyMaker = KeyMaker()
    let logger: Logger

    package init(
        database: any Database, clock: any CloudClock, networking: NetworkingService, image: ImageService,
        bells: ComputeBells, setAside: SetAsideTimes = SetAsideTimes(), logger: Logger
    ) {
        self.setAside = setAside
        self.database = database
        self.clock = clock
        capacity = CapacityIndex()
        network = NetworkCalls(networking)
        self.image = ImageCalls(image)
        self.bells = bells
        self.logger = logger
    }

    /// A server the caller may see; others do not exist for it.
    package func server(_ id: ServerID, by caller: Caller) async throws -> Server {
        try await database.read { try visible(id, by: caller, $0) }
    }

    func visible(_ id: ServerID, by caller: Caller, _ db: any Connection) throws -> Server {
        guard let found = try ServerQueries.live(id, db), caller.owns(found.projectID) else {
            throw CloudError(.notFound, "Instance \(id) could not be found.")
        }
        return found
    }
}

/// Whom Compute wakes after a commit.
package struct ComputeBells: Sendable {
    package var workflows: WorkflowIntake
    /// The agent of a host.
    package var host: @Sendable (HostID) -> Void

    package init(workflows: WorkflowIntake, host: @escaping @Sendable (HostID) -> Void) {
        self.workflows = workflows
        self.host = host
    }
}

extension Caller {
    /// A workflow that acts for the user who started it, in the project of the server.
    static func workflow(_ record: WorkflowRecord, asAdministrator: Bool) -> Caller {
        Caller(
            userID: record.userID, scope: .project(record.projectID),
            roles: asAdministrator ? ["admin", "member", "reader"] : ["member", "reader"],
            requestID: record.requestID)
    }
}
