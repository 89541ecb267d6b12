package enum MigrationKind {}
package typealias MigrationID = Identifier<MigrationKind>

/// A server that gets another size or another host, as Nova's `os-migrations` shows it.
package struct ServerMigration: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case resize, migration
        case live = "live-migration"
        case evacuation
    }

    /// Nova's words.
    package enum Status: String, Sendable {
        case migrating, finished, confirming, confirmed, reverting, reverted, error

        /// Whether both claims are held.
        package var isOpen: Bool {
            switch self {
            case .migrating, .finished, .confirming, .reverting: true
            case .confirmed, .reverted, .error: false
            }
        }
    }

    /// Also the consumer of what the old flavor takes where the server was.
    package var uuid: MigrationID
    package var id: Int
    package var serverID: ServerID
    package var kind: Kind
    package var status: Status
    package var sourceHostID: HostID
    package var targetHostID: HostID
    package var oldFlavorID: FlavorID
    package var oldFlavor: JSONText<FlavorSnapshot>
    package var newFlavorID: FlavorID
    package var newFlavor: JSONText<FlavorSnapshot>
    /// Where the server rested before.
    package var settled: SettledState
    /// The number of the machine that it has made; `nil` before.
    package var machine: Int?
    package var userID: UserID
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        uuid: MigrationID, id: Int, serverID: ServerID, kind: Kind, status: Status, sourceHostID: HostID,
        targetHostID: HostID, oldFlavorID: FlavorID, oldFlavor: JSONText<FlavorSnapshot>, newFlavorID: FlavorID,
        newFlavor: JSONText<FlavorSnapshot>, settled: SettledState, machine: Int? = nil, userID: UserID,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.uuid = uuid
        self.id = id
        self.serverID = serverID
        self.kind = kind
        self.status = status
        self.sourceHostID = sourceHostID
        self.targetHostID = targetHostID
        self.oldFlavorID = oldFlavorID
        self.oldFlavor = oldFlavor
        self.newFlavorID = newFlavorID
        self.newFlavor = newFlavor
        self.settled = settled
        self.machine = machine
        self.userID = userID
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
