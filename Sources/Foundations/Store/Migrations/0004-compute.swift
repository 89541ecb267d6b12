extension Migrations {
    static let compute = Migration(
        "0004-compute",
        [
            .table(
                "flavors",
                """
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL UNIQUE,
                vcpus INTEGER NOT NULL CHECK (vcpus >= 1),
                memory INTEGER NOT NULL CHECK (memory >= 1),
                disk INTEGER NOT NULL CHECK (disk >= 0),
                ephemeral INTEGER NOT NULL CHECK (ephemeral >= 0),
                swap INTEGER NOT NULL CHECK (swap >= 0),
                rxtx_factor TEXT NOT NULL,
                is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
                is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
                description TEXT,
                extra_specs TEXT NOT NULL,
                created_at INTEGER NOT NULL
                """),
            .table(
                "flavor_access",
                """
                flavor_id TEXT NOT NULL REFERENCES flavors (id) ON DELETE CASCADE,
                project_id TEXT NOT NULL,
                PRIMARY KEY (flavor_id, project_id)
                """),
            .table(
                "keypairs",
                """
                key TEXT PRIMARY KEY NOT NULL,
                user_id TEXT NOT NULL,
                name TEXT NOT NULL,
                type TEXT NOT NULL CHECK (type IN ('ssh', 'x509')),
                public_key TEXT NOT NULL,
                fingerprint TEXT NOT NULL,
                keys TEXT NOT NULL,
                created_at INTEGER NOT NULL
                """),
            .sql("CREATE INDEX keypairs_by_user ON keypairs (user_id, name)"),
            .table(
                "hosts",
                """
                id TEXT PRIMARY KEY NOT NULL,
                hostname TEXT NOT NULL UNIQUE,
                availability_zone TEXT NOT NULL,
                is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
                disabled_reason TEXT,
                is_forced_down INTEGER NOT NULL CHECK (is_forced_down IN (0, 1)),
                last_seen_at INTEGER NOT NULL,
                inventory TEXT NOT NULL,
                created_at INTEGER NOT NULL
                """),
            .table(
                "resource_providers",
                """
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL UNIQUE,
                generation INTEGER NOT NULL CHECK (generation >= 0)
                """),
            .table(
                "inventories",
                """
                key TEXT PRIMARY KEY NOT NULL,
                provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
                resource_class TEXT NOT NULL,
                total INTEGER NOT NULL CHECK (total >= 0),
                reserved INTEGER NOT NULL CHECK (reserved >= 0),
                min_unit INTEGER NOT NULL CHECK (min_unit >= 1),
                max_unit INTEGER NOT NULL CHECK (max_unit >= 1),
                step_size INTEGER NOT NULL CHECK (step_size >= 1),
                allocation_ratio INTEGER NOT NULL CHECK (allocation_ratio > 0),
                used INTEGER NOT NULL CHECK (used >= 0)
                """),
            .sql("CREATE INDEX inventories_by_provider ON inventories (provider_id)"),
            .table(
                "allocations",
                """
                consumer_id TEXT NOT NULL,
                provider_id TEXT NOT NULL REFERENCES resource_providers (id),
                resource_class TEXT NOT NULL,
                used INTEGER NOT NULL CHECK (used > 0),
                project_id TEXT NOT NULL,
                user_id TEXT NOT NULL,
                PRIMARY KEY (consumer_id, provider_id, resource_class)
                """),
            .sql("CREATE INDEX allocations_by_provider ON allocations (provider_id)"),
            .sql("CREATE INDEX allocations_by_project ON allocations (project_id)"),
            .table(
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
                settled TEXT NOT NULL CHECK (settled IN ('building', 'active', 'stopped', 'error', 'deleted')),
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
                CHECK (settled NOT IN ('active', 'stopped') OR host_id IS NOT NULL)
                """),
            .sql(
                "CREATE INDEX servers_by_project ON servers (project_id, created_at, id) WHERE deleted_at IS NULL"),
            .sql("CREATE INDEX servers_live ON servers (created_at, id) WHERE deleted_at IS NULL"),
            .sql("CREATE INDEX servers_by_host ON servers (host_id) WHERE deleted_at IS NULL"),
            .sql("CREATE INDEX servers_deleted ON servers (deleted_at) WHERE deleted_at IS NOT NULL"),
            .table(
                "server_requests",
                """
                server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
                image TEXT NOT NULL,
                nics TEXT NOT NULL,
                user_data TEXT,
                public_keys TEXT NOT NULL,
                security_groups TEXT NOT NULL,
                admin_password TEXT
                """),
            .table(
                "host_documents",
                """
                server_id TEXT PRIMARY KEY NOT NULL,
                host_id TEXT NOT NULL REFERENCES hosts (id),
                epoch INTEGER NOT NULL,
                sequence INTEGER NOT NULL,
                is_absent INTEGER NOT NULL CHECK (is_absent IN (0, 1)),
                document TEXT NOT NULL
                """),
            .sql("CREATE INDEX host_documents_by_host ON host_documents (host_id, sequence)"),
        ])
}
