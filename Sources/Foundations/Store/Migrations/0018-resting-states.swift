extension Migrations {
    /// All of Nova's states in which a server rests; which of them are on a host.
    static let restingStates = Migration(
        "0018-resting-states",
        [
            .rebuild(
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
                epoch INTEGER NOT NULL CHECK (epoch >= 0),
                workflow_id TEXT,
                host_failure TEXT,
                completed_command TEXT,
                observed_epoch INTEGER NOT NULL,
                observed_power TEXT NOT NULL,
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
        ])
}
