extension Migrations {
    /// Where servers are, and what their hosts saw; what hosts are told to do once; a feed for each host.
    static let serverPlacements = Migration(
        "0019-server-placements",
        [
            .table(
                "server_placements",
                """
                server_id TEXT NOT NULL,
                host_id TEXT NOT NULL REFERENCES hosts (id),
                role TEXT NOT NULL CHECK (role IN ('current', 'target', 'source', 'leaving')),
                consumer_id TEXT,
                epoch INTEGER NOT NULL CHECK (epoch >= 0),
                sequence INTEGER NOT NULL,
                document TEXT,
                observed_epoch INTEGER NOT NULL,
                observed_power TEXT NOT NULL,
                failure TEXT,
                PRIMARY KEY (server_id, host_id)
                """),
            .sql(
                """
                CREATE UNIQUE INDEX server_placements_current ON server_placements (server_id)
                WHERE role = 'current'
                """),
            .sql("CREATE INDEX server_placements_by_host ON server_placements (host_id, sequence)"),
            .table(
                "host_feeds",
                """
                host_id TEXT PRIMARY KEY NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
                sequence INTEGER NOT NULL CHECK (sequence >= 0)
                """),
            .table(
                "host_commands",
                """
                id TEXT PRIMARY KEY NOT NULL,
                host_id TEXT NOT NULL REFERENCES hosts (id),
                server_id TEXT NOT NULL,
                action TEXT NOT NULL,
                arguments TEXT NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'cancelling', 'done', 'failed')),
                progress INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 100),
                result TEXT,
                failure TEXT,
                sequence INTEGER NOT NULL,
                request_id TEXT,
                updated_at INTEGER NOT NULL
                """),
            .sql(
                """
                CREATE INDEX host_commands_open ON host_commands (host_id, sequence)
                WHERE state IN ('waiting', 'running', 'cancelling')
                """),
            .sql("CREATE INDEX host_commands_by_server ON host_commands (server_id)"),
            .sql("CREATE INDEX host_commands_by_time ON host_commands (updated_at)"),
        ] + carriedOver + [narrowServers])

    private static let carriedOver: [Migration.Statement] = [
        .sql(
            """
            INSERT INTO host_feeds (host_id, sequence)
            SELECT h.id, f.sequence FROM hosts h JOIN change_feed f ON f.topic = 'hosts'
            """),
        .sql("DELETE FROM change_feed WHERE topic = 'hosts'"),
        .sql(
            """
            INSERT INTO server_placements (server_id, host_id, role, consumer_id, epoch, sequence, document,
                observed_epoch, observed_power, failure)
            SELECT d.server_id, d.host_id, CASE WHEN d.is_absent = 1 THEN 'leaving' ELSE 'current' END,
                (SELECT MIN(a.consumer_id) FROM allocations a
                    WHERE a.consumer_id = d.server_id AND a.provider_id = d.host_id),
                d.epoch, d.sequence, d.document, COALESCE(s.observed_epoch, 0),
                COALESCE(s.observed_power, 'unknown'), s.host_failure
            FROM host_documents d LEFT JOIN servers s ON s.id = d.server_id AND s.host_id = d.host_id
            """),
        // Hosts were claimed for these, and have been told nothing.
        .sql(
            """
            INSERT INTO server_placements (server_id, host_id, role, consumer_id, epoch, sequence, document,
                observed_epoch, observed_power, failure)
            SELECT s.id, s.host_id, 'current', s.id, 0, 0, NULL, 0, 'unknown', NULL FROM servers s
            WHERE s.host_id IS NOT NULL AND s.deleted_at IS NULL
                AND EXISTS (SELECT 1 FROM allocations a WHERE a.consumer_id = s.id AND a.provider_id = s.host_id)
                AND NOT EXISTS (SELECT 1 FROM server_placements p
                    WHERE p.server_id = s.id AND p.host_id = s.host_id)
            """),
        // A reboot under way: the command that stands in the document.
        .sql(
            """
            INSERT INTO host_commands (id, host_id, server_id, action, arguments, state, progress, result, failure,
                sequence, request_id, updated_at)
            SELECT w.id, s.host_id, s.id,
                CASE s.operation WHEN 'reboot_hard' THEN 'rebootHard' ELSE 'rebootSoft' END, '{}',
                CASE WHEN s.completed_command = w.id THEN 'done' ELSE 'waiting' END, 0, NULL, NULL,
                d.sequence, w.request_id, w.updated_at
            FROM workflows w JOIN servers s ON s.workflow_id = w.id
                JOIN host_documents d ON d.server_id = s.id AND d.host_id = s.host_id AND d.is_absent = 0
            WHERE w.kind = 'reboot-server' AND w.finished_at IS NULL AND w.step = 'guest'
            """),
        .sql("DROP TABLE host_documents"),
    ]

    private static let narrowServers = Migration.Statement.rebuild(
        "servers",
        """
        id TEXT PRIMARY KEY NOT NULL,
        project_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT,
        hostname TEXT NOT NULL,
        reservation_id TEXT NOT NULL,
        launch_index INTEGER NOT NULL,
        settled TEXT NOT NULL CHECK (settled IN (
            'building', 'active', 'paused', 'suspended', 'stopped', 'rescued', 'resized', 'error', 'deleted',
            'soft_deleted', 'shelved', 'shelved_offloaded')),
        operation TEXT,
        phase INTEGER NOT NULL,
        power INTEGER NOT NULL,
        fault TEXT,
        is_locked INTEGER NOT NULL CHECK (is_locked IN (0, 1)),
        locked_by_admin INTEGER NOT NULL CHECK (locked_by_admin IN (0, 1)),
        locked_reason TEXT,
        workflow_id TEXT,
        host_id TEXT REFERENCES hosts (id),
        requested_zone TEXT,
        availability_zone TEXT,
        flavor_id TEXT NOT NULL,
        flavor TEXT NOT NULL,
        image_id TEXT,
        image_properties TEXT NOT NULL,
        key_name TEXT,
        metadata TEXT NOT NULL,
        tags TEXT NOT NULL,
        addresses TEXT NOT NULL,
        security_groups TEXT NOT NULL,
        hints TEXT NOT NULL,
        config_drive INTEGER NOT NULL CHECK (config_drive IN (0, 1)),
        access_ipv4 TEXT,
        access_ipv6 TEXT,
        disk_config TEXT NOT NULL CHECK (disk_config IN ('AUTO', 'MANUAL')),
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        launched_at INTEGER,
        terminated_at INTEGER,
        deleted_at INTEGER,
        CHECK ((settled = 'deleted') = (deleted_at IS NOT NULL)),
        CHECK ((operation IS NULL) = (workflow_id IS NULL)),
        CHECK (host_id IS NOT NULL OR settled NOT IN (
            'active', 'paused', 'suspended', 'stopped', 'rescued', 'resized', 'shelved'))
        """)
}
