package import Model

extension Server: Record {
    package static var table: String { "servers" }
    package static let columns = [
        "id", "project_id", "user_id", "name", "description", "hostname", "reservation_id", "launch_index", "settled",
        "operation", "phase", "power", "fault", "is_locked", "locked_by_admin", "locked_reason", "epoch", "workflow_id",
        "host_failure", "completed_command", "observed_epoch", "observed_power", "host_id", "requested_zone",
        "availability_zone", "flavor_id", "flavor", "image_id", "image_properties", "key_name", "metadata", "tags",
        "addresses", "security_groups", "hints", "config_drive", "access_ipv4", "access_ipv6", "disk_config",
        "created_at", "updated_at", "launched_at", "terminated_at", "deleted_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), userID: row.id(), name: row.text(), description: row.optionalText(),
            hostname: row.text(), reservationID: row.text(), launchIndex: row.int(), settled: try row.raw(),
            operation: try row.optionalRaw(), phase: row.int(), power: row.int(),
            fault: row.optionalText().map { JSONText(raw: $0) }, isLocked: row.bool(), lockedByAdmin: row.bool(),
            lockedReason: row.optionalText(), epoch: row.int64(), workflowID: row.optionalID(),
            hostFailure: row.optionalText(), completedCommand: row.optionalText(), observedEpoch: row.int64(),
            observedPower: row.text(), hostID: row.optionalID(), requestedZone: row.optionalText(),
            availabilityZone: row.optionalText(), flavorID: row.id(), flavor: row.json(), imageID: row.optionalID(),
            imageProperties: row.json(), keyName: row.optionalText(), metadata: row.json(), tags: row.json(),
            addresses: row.text(), securityGroups: row.text(), hints: row.text(), configDrive: row.bool(),
            accessIPv4: row.optionalText(), accessIPv6: row.optionalText(), diskConfig: row.text(),
            createdAt: row.time(), updatedAt: row.time(), launchedAt: row.optionalTime(),
            terminatedAt: row.optionalTime(), deletedAt: row.optionalTime())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .id(userID), .text(name), .text(description), .text(hostname),
            .text(reservationID), .int(launchIndex), .raw(settled), .raw(operation), .int(phase), .int(power),
            .text(fault?.raw), .bool(isLocked), .bool(lockedByAdmin), .text(lockedReason), .integer(epoch),
            .id(workflowID), .text(hostFailure), .text(completedCommand), .integer(observedEpoch), .text(observedPower),
            .id(hostID), .text(requestedZone), .text(availabilityZone), .id(flavorID), .text(flavor.raw), .id(imageID),
            .text(imageProperties.raw), .text(keyName), .text(metadata.raw), .text(tags.raw), .text(addresses),
            .text(securityGroups), .text(hints), .bool(configDrive), .text(accessIPv4), .text(accessIPv6),
            .text(diskConfig), .time(createdAt), .time(updatedAt), .time(launchedAt), .time(terminatedAt),
            .time(deletedAt),
        ]
    }
}

extension ServerRequest: Record {
    package static var table: String { "server_requests" }
    package static let columns = [
        "server_id", "image", "nics", "user_data", "public_keys", "security_groups", "admin_password",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            serverID: row.id(), image: row.text(), nics: row.json(), userData: row.optionalText(),
            publicKeys: row.json(), securityGroups: row.json(), adminPassword: row.optionalText())
    }

    package var values: [SQLValue] {
        [
            .id(serverID), .text(image), .text(nics.raw), .text(userData), .text(publicKeys.raw),
            .text(securityGroups.raw), .text(adminPassword),
        ]
    }
}

/// Which servers a list shows. Keyset paging: by creation time, newest first.
package struct ServerFilter: Sendable {
    package var project: ProjectID?
    package var includeDeleted = false
    package var onlyDeleted = false
    package var equal: [(column: Column, value: String)] = []
    package var changedSince: Timestamp?
    package var changedBefore: Timestamp?

    /// Columns that may be compared with a request's words.
    package enum Column: String, Sendable {
        case user = "user_id"
        case host = "host_id"
        case flavor = "flavor_id"
        case image = "image_id"
        case key = "key_name"
        case zone = "availability_zone"
        case reservation = "reservation_id"
        case settled
        case id
    }

    package init() {}
}

package enum ServerQueries {
    /// Up to `limit` servers after `marker`; `keep` may drop rows that SQL cannot judge.
    package static func list(
        _ filter: ServerFilter, after marker: Server?, limit: Int, keep: (Server) -> Bool, _ db: any Connection
    ) throws -> [Server] {
        var conditions = ["1 = 1"]
        var arguments: [SQLValue] = []
        func condition(_ text: (String) -> String, _ value: SQLValue) {
            arguments.append(value)
            conditions.append(text("?\(arguments.count)"))
        }
        if filter.onlyDeleted {
            conditions.append("deleted_at IS NOT NULL")
        } else if !filter.includeDeleted {
            conditions.append("deleted_at IS NULL")
        }
        if let project = filter.project { condition({ "project_id = \($0)" }, .id(project)) }
        for (column, value) in filter.equal { condition({ "\(column.rawValue) = \($0)" }, .text(value)) }
        if let since = filter.changedSince { condition({ "updated_at >= \($0)" }, .time(since)) }
        if let before = filter.changedBefore { condition({ "updated_at <= \($0)" }, .time(before)) }
        let fixed = conditions
        var found: [Server] = []
        var last = marker
        while found.count < limit {
            var page = fixed
            var values = arguments
            if let last {
                values += [.time(last.createdAt), .id(last.id)]
                page.append("(created_at, id) < (?\(values.count - 1), ?\(values.count))")
            }
            values.append(.int(limit))
            let rows = try db.fetch(
                Server.self,
                "WHERE \(page.joined(separator: " AND ")) ORDER BY created_at DESC, id DESC LIMIT ?\(values.count)",
                values)
            found += rows.filter(keep)
            guard rows.count == limit, let end = rows.last else { break }
            last = end
        }
        return Array(found.prefix(limit))
    }

    package static func live(_ id: ServerID, _ db: any Connection) throws -> Server? {
        try db.first(Server.self, "WHERE id = ?1 AND deleted_at IS NULL", [.id(id)])
    }

    package static func count(on host: HostID, _ db: any Connection) throws -> Int {
        Int(try db.integer("SELECT count(*) FROM servers WHERE host_id = ?1 AND deleted_at IS NULL", [.id(host)]) ?? 0)
    }

    /// The guest has it, or will never ask: the store need not know it.
    package static func forgetPassword(of id: ServerID, _ db: any Connection) throws {
        try db.execute("UPDATE server_requests SET admin_password = NULL WHERE server_id = ?1", [.id(id)])
    }
}
