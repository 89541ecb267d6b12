/// What a server's row holds, in the record's order.
package enum ServerColumn: Int, Sendable, CaseIterable {
    case id, projectID, userID, name, description, hostname, reservationID, launchIndex, settled
    case operation, phase, power, fault, isLocked, lockedByAdmin, lockedReason, workflowID
    case hostID, requestedZone
    case availabilityZone, flavorID, flavor, imageID, imageProperties, keyName, metadata, tags
    case addresses, securityGroups, hints, configDrive, accessIPv4, accessIPv6, diskConfig
    case createdAt, updatedAt, launchedAt, terminatedAt, deletedAt, progress, trustedCertificates
    /// Not of the row itself: what the request for the server gave.
    case userData
}

/// A server's row as a statement stands on it: an answer is written from it without making a record first. It is valid
/// inside the closure that got it.
package struct ServerRow {
    package let row: SQLRow
    /// Of each column that was selected, by its raw value.
    private let places: UnsafeBufferPointer<Int>

    /// `places` must be valid as long as the row.
    package init(_ row: SQLRow, _ places: UnsafeBufferPointer<Int>) {
        self.row = row
        self.places = places
    }

    package func place(_ column: ServerColumn) -> Int { places[column.rawValue] }
    package func isNull(_ column: ServerColumn) -> Bool { row.isNull(place(column)) }
    package func integer(_ column: ServerColumn) -> Int { Int(row.integer(place(column))) }
    package func text(_ column: ServerColumn) -> String { row.text(place(column)) }
    package func optionalText(_ column: ServerColumn) -> String? { isNull(column) ? nil : text(column) }

    package func time(_ column: ServerColumn) -> Timestamp? {
        isNull(column) ? nil : Timestamp(microseconds: row.integer(place(column)))
    }

    /// The bytes of a text, valid as long as the row; `nil` for NULL.
    package func utf8(_ column: ServerColumn) -> UnsafeBufferPointer<UInt8>? { row.utf8(place(column)) }

    /// Where the server rests and what is done to it; throws where the words are none.
    package func state() throws -> ServerState {
        let (settled, operation) = (text(.settled), optionalText(.operation))
        guard let settled = SettledState(rawValue: settled) else {
            throw CloudError(.internal, "The store has '\(settled)', which is no state that a server rests in.")
        }
        let known = operation.flatMap { ServerOperation(rawValue: $0) }
        if let operation, known == nil {
            throw CloudError(.internal, "The store has '\(operation)', which is no operation of a server.")
        }
        return ServerState(settled: settled, operation: known, phase: integer(.phase), power: integer(.power))
    }
}
