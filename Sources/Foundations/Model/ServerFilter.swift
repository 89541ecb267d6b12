/// Which servers a list shows and in which order; every order ends with creation time and id.
package struct ServerFilter: Sendable {
    package enum Field: Sendable { case user, host, flavor, image, key, zone, reservation, id }

    /// What is not there sorts as the empty text or as zero.
    package enum SortKey: Sendable, CaseIterable {
        case accessIPv4, accessIPv6, configDrive, createdAt, description, diskConfig, flavor, host, hostname, id, image
        case key, launchIndex, launchedAt, locked, name, operation, power, project, settled, terminatedAt, updatedAt
        case user, zone
    }

    package enum Deleted: Sendable {
        /// Neither those that are deleted nor those that are deleted for a while.
        case without
        case withSoftDeleted
        case with, only
    }

    /// `nil`: of all projects.
    package var project: ProjectID?
    package var deleted = Deleted.without
    package var equal: [(field: Field, value: String)] = []
    package var changedSince: Timestamp?
    package var changedBefore: Timestamp?
    package var order: [(key: SortKey, ascending: Bool)] = []
    /// For what the store cannot judge: names by pattern, states. `nil` keeps every row.
    package var keep: (@Sendable (Server) throws -> Bool)?

    package init() {}
}
