/// What a server's row holds, in the record's order.
package enum ServerColumn: Int, Sendable, CaseIterable {
    case id, projectID, userID, name, description, hostname, reservationID, launchIndex, settled
    case operation, phase, power, fault, isLocked, lockedByAdmin, lockedReason, epoch, workflowID
    case hostFailure, completedCommand, observedEpoch, observedPower, hostID, requestedZone
    case availabilityZone, flavorID, flavor, imageID, imageProperties, keyName, metadata, tags
    case addresses, securityGroups, hints, configDrive, accessIPv4, accessIPv6, diskConfig
    case createdAt, updatedAt, launchedAt, terminatedAt, deletedAt
    /// Not of the row itself: what the request for the server gave.
    case userData
}

/// A server's row as a statement stands on it: an answer is written from it without making a record first. It is valid
/// inside the closure that got it.
package protocol ServerRow {
    func isNull(_ column: ServerColumn) -> Bool
    func integer(_ column: ServerColumn) -> Int
    func text(_ column: ServerColumn) -> String
    func time(_ column: ServerColumn) -> Timestamp?
    /// Where the server rests and what is done to it; throws where the words are none.
    func state() throws -> ServerState
    /// The bytes of a text, valid inside the closure; `nil` for NULL.
    func withUTF8(_ column: ServerColumn, _ body: (UnsafeBufferPointer<UInt8>?) -> Void)
}

extension ServerRow {
    package func optionalText(_ column: ServerColumn) -> String? { isNull(column) ? nil : text(column) }
}
