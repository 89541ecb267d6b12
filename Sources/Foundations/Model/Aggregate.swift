/// Hosts that an administrator has put together, and what is said of them: Nova's host aggregate.
package struct Aggregate: Sendable, Equatable {
    /// Nova's clients name it by this number.
    package var id: Int
    package var uuid: AggregateID
    package var name: String
    package var metadata: JSONText<[String: String]>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp?

    package init(
        id: Int, uuid: AggregateID, name: String, metadata: JSONText<[String: String]>, createdAt: Timestamp,
        updatedAt: Timestamp? = nil
    ) {
        self.id = id
        self.uuid = uuid
        self.name = name
        self.metadata = metadata
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// The key of the metadata that makes its hosts an availability zone.
    package static let zoneKey = "availability_zone"

    package func zone() throws -> String? { try metadata.value()[Self.zoneKey] }
}

/// A host is in any number of aggregates.
package struct AggregateHost: Sendable, Equatable {
    package var aggregateID: Int
    package var hostID: HostID

    package init(aggregateID: Int, hostID: HostID) {
        self.aggregateID = aggregateID
        self.hostID = hostID
    }
}
