package import Model

extension Server: KeyedRecord {
    package static var table: String { "servers" }
    package static let columns = [
        "id", "project_id", "user_id", "name", "description", "hostname", "reservation_id", "launch_index", "settled",
        "operation", "phase", "power", "fault", "is_locked", "locked_by_admin", "locked_reason", "workflow_id",
        "host_id", "requested_zone", "availability_zone", "flavor_id", "flavor", "image_id", "image_properties",
        "key_name", "metadata", "tags", "addresses", "security_groups", "hints", "config_drive", "access_ipv4",
        "access_ipv6", "disk_config", "created_at", "updated_at", "launched_at", "terminated_at", "deleted_at",
        "progress", "trusted_certificates",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), userID: row.id(), name: row.text(), description: row.optionalText(),
            hostname: row.text(), reservationID: row.text(), launchIndex: row.int(), settled: try row.raw(),
            operation: try row.optionalRaw(), phase: row.int(), power: row.int(),
            fault: row.optionalText().map { JSONText(raw: $0) }, isLocked: row.bool(), lockedByAdmin: row.bool(),
            lockedReason: row.optionalText(), workflowID: row.optionalID(), hostID: row.optionalID(),
            requestedZone: row.optionalText(),
            availabilityZone: row.optionalText(), flavorID: row.id(), flavor: row.json(), imageID: row.optionalID(),
            imageProperties: row.json(), keyName: row.optionalText(), metadata: row.json(), tags: row.json(),
            addresses: row.text(), securityGroups: row.text(), hints: row.text(), configDrive: row.bool(),
            accessIPv4: row.optionalText(), accessIPv6: row.optionalText(), diskConfig: row.text(),
            createdAt: row.time(), updatedAt: row.time(), launchedAt: row.optionalTime(),
            terminatedAt: row.optionalTime(), deletedAt: row.optionalTime(), progress: row.optionalInt(),
            trustedCertificates: row.optionalText().map { JSONText(raw: $0) })
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .id(userID), .text(name), .text(description), .text(hostname),
            .text(reservationID), .int(launchIndex), .raw(settled), .raw(operation), .int(phase), .int(power),
            .text(fault?.raw), .bool(isLocked), .bool(lockedByAdmin), .text(lockedReason), .id(workflowID),
            .id(hostID), .text(requestedZone), .text(availabilityZone), .id(flavorID), .text(flavor.raw), .id(imageID),
            .text(imageProperties.raw), .text(keyName), .text(metadata.raw), .text(tags.raw), .text(addresses),
            .text(securityGroups), .text(hints), .bool(configDrive), .text(accessIPv4), .text(accessIPv6),
            .text(diskConfig), .time(createdAt), .time(updatedAt), .time(launchedAt), .time(terminatedAt),
            .time(deletedAt), .int(progress), .text(trustedCertificates?.raw),
        ]
    }
}

extension ServerRequest: KeyedRecord {
    package static var table: String { "server_requests" }
    package static let columns = [
        "server_id", "image", "nics", "user_data", "public_keys", "security_groups", "admin_password", "files",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            serverID: row.id(), image: row.text(), nics: row.json(), userData: row.optionalText(),
            publicKeys: row.json(), securityGroups: row.json(), adminPassword: row.optionalText(), files: row.json())
    }

    package var values: [SQLValue] {
        [
            .id(serverID), .text(image), .text(nics.raw), .text(userData), .text(publicKeys.raw),
            .text(securityGroups.raw), .text(adminPassword), .text(files.raw),
        ]
    }
}

extension ServerFilter.Field {
    fileprivate var column: String {
        switch self {
        case .user: "user_id"
        case .host: "host_id"
        case .flavor: "flavor_id"
        case .image: "image_id"
        case .key: "key_name"
        case .zone: "availability_zone"
        case .reservation: "reservation_id"
        case .id: "id"
        }
    }
}

extension ServerFilter.SortKey {
    fileprivate var expression: String {
        switch self {
        case .accessIPv4: "COALESCE(access_ipv4, '')"
        case .accessIPv6: "COALESCE(access_ipv6, '')"
        case .configDrive: "config_drive"
        case .createdAt: "created_at"
        case .description: "COALESCE(description, '')"
        case .diskConfig: "disk_config"
        case .flavor: "flavor_id"
        case .host: "COALESCE((SELECT hosts.hostname FROM hosts WHERE hosts.id = servers.host_id), '')"
        case .hostname: "hostname"
        case .id: "id"
        case .image: "COALESCE(image_id, '')"
        case .key: "COALESCE(key_name, '')"
        case .launchIndex: "launch_index"
        case .launchedAt: "COALESCE(launched_at, 0)"
        case .locked: "is_locked"
        case .name: "name"
        case .operation: "COALESCE(operation, '')"
        case .power: "power"
        case .project: "project_id"
        case .settled: "settled"
        case .terminatedAt: "COALESCE(terminated_at, 0)"
        case .updatedAt: "updated_at"
        case .user: "user_id"
        case .zone: "COALESCE(availability_zone, '')"
        }
    }
}

package enum ServerQueries {
    /// Up to `limit` servers after `marker`.
    package static func list(
        _ filter: ServerFilter, after marker: ServerID?, limit: Int, _ db: any Connection
    ) throws -> [Server] {
        var found: [Server] = []
        var last = marker
        // Where rows are dropped, the client's limit says nothing of how many must be read.
        let pageSize = filter.keep == nil ? limit : max(limit, 256)
        while found.count < limit {
            let (condition, arguments) = page(filter, after: last, limit: pageSize)
            let rows = try db.fetch(Server.self, condition, arguments)
            // A server is a wide value: a list of a thousand is copied only where rows are dropped.
            let kept = if let keep = filter.keep { try rows.filter(keep) } else { rows }
            if found.isEmpty { found = kept } else { found += kept }
            guard rows.count == pageSize, let end = rows.last else { break }
            last = end.id
        }
        if found.count > limit { found.removeLast(found.count - limit) }
        return found
    }

    /// All that follows FROM, of rows that the store can judge.
    static func page(
        _ filter: ServerFilter, after marker: ServerID?, limit: Int
    ) -> (condition: String, arguments: [SQLValue]) {
        var (texts, arguments) = conditions(of: filter)
        let order = completed(filter.order)
        if let marker {
            arguments.append(.id(marker))
            texts.append(beyond("?\(arguments.count)", in: order))
        }
        arguments.append(.int(limit))
        let sorting = order.map { "\($0.key.expression) \($0.ascending ? "ASC" : "DESC")" }.joined(separator: ", ")
        return ("WHERE \(texts.joined(separator: " AND ")) ORDER BY \(sorting) LIMIT ?\(arguments.count)", arguments)
    }

    private static func conditions(of filter: ServerFilter) -> (texts: [String], arguments: [SQLValue]) {
        var texts = ["1 = 1"]
        var arguments: [SQLValue] = []
        func condition(_ text: (String) -> String, _ value: SQLValue) {
            arguments.append(value)
            texts.append(text("?\(arguments.count)"))
        }
        switch filter.deleted {
        case .without: texts += ["deleted_at IS NULL", "settled <> 'soft_deleted'"]
        case .withSoftDeleted: texts.append("deleted_at IS NULL")
        case .with: break
        case .only: texts.append("(deleted_at IS NOT NULL OR settled = 'soft_deleted')")
        }
        if let project = filter.project { condition({ "project_id = \($0)" }, .id(project)) }
        for (field, value) in filter.equal { condition({ "\(field.column) = \($0)" }, .text(value)) }
        if let since = filter.changedSince { condition({ "updated_at >= \($0)" }, .time(since)) }
        // Answers show whole seconds; what was changed within the second is not after it.
        if let before = filter.changedBefore {
            condition({ "updated_at < \($0)" }, .time(before.advanced(seconds: 1)))
        }
        return (texts, arguments)
    }

    /// Creation time and id at the end make every order total; they go the way of the first key, as in Nova.
    private static func completed(
        _ order: [(key: ServerFilter.SortKey, ascending: Bool)]
    ) -> [(key: ServerFilter.SortKey, ascending: Bool)] {
        let ascending = order.first?.ascending ?? false
        return order + [.createdAt, .id].filter { key in !order.contains { $0.key == key } }.map { ($0, ascending) }
    }

    /// The condition of the rows that come after the server whose id is bound to `place`.
    private static func beyond(
        _ place: String, in order: [(key: ServerFilter.SortKey, ascending: Bool)]
    ) -> String {
        let keys = order.map(\.key.expression)
        if Set(order.map(\.ascending)).count == 1 {
            let sign = order[0].ascending ? ">" : "<"
            let list = keys.joined(separator: ", ")
            return "(\(list)) \(sign) (SELECT \(list) FROM servers WHERE id = \(place))"
        }
        func value(_ key: String) -> String { "(SELECT \(key) FROM servers WHERE id = \(place))" }
        let cases = order.indices.map { at in
            let equal = keys[..<at].map { "\($0) = \(value($0))" }
            return (equal + ["\(keys[at]) \(order[at].ascending ? ">" : "<") \(value(keys[at]))"])
                .joined(separator: " AND ")
        }
        return "(" + cases.map { "(\($0))" }.joined(separator: " OR ") + ")"
    }

    package static func live(_ id: ServerID, _ db: any Connection) throws -> Server? {
        try db.first(Server.self, "WHERE id = ?1 AND deleted_at IS NULL", [.id(id)])
    }

    /// The servers that are on a host, oldest first.
    package static func placed(on host: HostID, _ db: any Connection) throws -> [Server] {
        try db.fetch(
            Server.self,
            """
            WHERE id IN (SELECT server_id FROM server_placements WHERE host_id = ?1 AND role = 'current')
            ORDER BY created_at, id
            """, [.id(host)])
    }

    /// How many servers each host has, and at how many of them something is under way.
    package static func countByHost(_ db: any Connection) throws -> [HostID: (servers: Int, busy: Int)] {
        var found: [HostID: (servers: Int, busy: Int)] = [:]
        try db.forEach(
            """
            SELECT p.host_id, count(*), count(s.operation)
            FROM server_placements p JOIN servers s ON s.id = p.server_id
            WHERE p.role = 'current' GROUP BY p.host_id
            """, []
        ) { found[HostID($0.text(0))] = (Int($0.integer(1)), Int($0.integer(2))) }
        return found
    }

    /// Servers, also deleted ones, that ran between two times, by project and id. Those that are there and those that
    /// are deleted have indexes of their own, and are looked for one after the other.
    package static func running(
        from start: Timestamp, to stop: Timestamp, of project: ProjectID?, after last: (ProjectID, ServerID)?,
        limit: Int, _ db: any Connection
    ) throws -> [Server] {
        var arguments: [SQLValue] = [.time(start), .time(stop), .int(limit)]
        var condition = "launched_at < ?2 AND (terminated_at IS NULL OR terminated_at > ?1)"
        if let project {
            arguments.append(.id(project))
            condition += " AND project_id = ?\(arguments.count)"
        }
        if let last {
            arguments += [.id(last.0), .id(last.1)]
            condition += " AND (project_id, id) > (?\(arguments.count - 1), ?\(arguments.count))"
        }
        let found = try ["deleted_at IS NULL", "deleted_at IS NOT NULL"].flatMap { kind in
            try db.fetch(Server.self, "WHERE \(kind) AND \(condition) ORDER BY project_id, id LIMIT ?3", arguments)
        }
        return Array(
            found.sorted { ($0.projectID.text, $0.id.text) < ($1.projectID.text, $1.id.text) }.prefix(limit))
    }

    /// Forgets the password that the server was created with: its guest has it by now, or will never ask for it.
    package static func forgetPassword(of id: ServerID, _ db: any Connection) throws {
        try db.execute("UPDATE server_requests SET admin_password = NULL WHERE server_id = ?1", [.id(id)])
    }
}
