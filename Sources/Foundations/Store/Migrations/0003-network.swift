extension Migrations {
    static let network = Migration(
        "0003-network",
        [
            .table(
                "quotas",
                """
                project_id TEXT NOT NULL,
                resource TEXT NOT NULL,
                limit_value INTEGER NOT NULL CHECK (limit_value >= -1),
                used INTEGER NOT NULL CHECK (used >= 0),
                PRIMARY KEY (project_id, resource)
                """),
            .table(
                "networks",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                name TEXT NOT NULL,
                description TEXT NOT NULL,
                admin_state_up INTEGER NOT NULL CHECK (admin_state_up IN (0, 1)),
                is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
                is_external INTEGER NOT NULL CHECK (is_external IN (0, 1)),
                is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
                port_security_enabled INTEGER NOT NULL CHECK (port_security_enabled IN (0, 1)),
                mtu INTEGER NOT NULL CHECK (mtu BETWEEN 68 AND 65535),
                segmentation_id INTEGER NOT NULL UNIQUE,
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
                """),
            .sql("CREATE INDEX networks_by_project ON networks (project_id)"),
            .table(
                "subnets",
                """
                id TEXT PRIMARY KEY NOT NULL,
                network_id TEXT NOT NULL REFERENCES networks (id),
                project_id TEXT NOT NULL,
                name TEXT NOT NULL,
                description TEXT NOT NULL,
                ip_version INTEGER NOT NULL CHECK (ip_version IN (4, 6)),
                cidr TEXT NOT NULL,
                gateway_ip TEXT,
                enable_dhcp INTEGER NOT NULL CHECK (enable_dhcp IN (0, 1)),
                dns_nameservers TEXT NOT NULL,
                host_routes TEXT NOT NULL,
                allocation_pools TEXT NOT NULL,
                ipv6_address_mode TEXT,
                ipv6_ra_mode TEXT,
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
                """),
            .sql("CREATE INDEX subnets_by_network ON subnets (network_id)"),
            .table(
                "ports",
                """
                id TEXT PRIMARY KEY NOT NULL,
                network_id TEXT NOT NULL REFERENCES networks (id),
                project_id TEXT NOT NULL,
                name TEXT NOT NULL,
                description TEXT NOT NULL,
                admin_state_up INTEGER NOT NULL CHECK (admin_state_up IN (0, 1)),
                mac_address TEXT NOT NULL,
                fixed_ips TEXT NOT NULL,
                device_id TEXT NOT NULL,
                device_owner TEXT NOT NULL,
                security_groups TEXT NOT NULL,
                port_security_enabled INTEGER NOT NULL CHECK (port_security_enabled IN (0, 1)),
                allowed_address_pairs TEXT NOT NULL,
                binding_host TEXT NOT NULL,
                binding_profile TEXT NOT NULL,
                vnic_type TEXT NOT NULL,
                status TEXT NOT NULL CHECK (status IN ('DOWN', 'BUILD', 'ACTIVE', 'ERROR')),
                dns_name TEXT NOT NULL,
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                UNIQUE (network_id, mac_address)
                """),
            .sql("CREATE INDEX ports_by_device ON ports (device_id)"),
            .sql("CREATE INDEX ports_by_project ON ports (project_id)"),
            .sql("CREATE INDEX ports_by_host ON ports (binding_host)"),
            .table(
                "address_allocations",
                """
                subnet_id TEXT NOT NULL REFERENCES subnets (id),
                address TEXT NOT NULL,
                port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
                PRIMARY KEY (subnet_id, address)
                """),
            .sql("CREATE INDEX address_allocations_by_port ON address_allocations (port_id)"),
            .table(
                "address_hints",
                """
                subnet_id TEXT PRIMARY KEY NOT NULL REFERENCES subnets (id) ON DELETE CASCADE,
                next_offset INTEGER NOT NULL
                """),
            .table(
                "routers",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                name TEXT NOT NULL,
                description TEXT NOT NULL,
                admin_state_up INTEGER NOT NULL CHECK (admin_state_up IN (0, 1)),
                gateway_network_id TEXT REFERENCES networks (id),
                gateway_port_id TEXT REFERENCES ports (id),
                snat_enabled INTEGER NOT NULL CHECK (snat_enabled IN (0, 1)),
                routes TEXT NOT NULL,
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                CHECK ((gateway_network_id IS NULL) = (gateway_port_id IS NULL))
                """),
            .sql("CREATE INDEX routers_by_project ON routers (project_id)"),
            .table(
                "floating_ips",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                description TEXT NOT NULL,
                network_id TEXT NOT NULL REFERENCES networks (id),
                address TEXT NOT NULL,
                holder_port_id TEXT NOT NULL REFERENCES ports (id),
                port_id TEXT REFERENCES ports (id),
                fixed_address TEXT,
                router_id TEXT REFERENCES routers (id),
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                UNIQUE (network_id, address),
                UNIQUE (port_id, fixed_address),
                CHECK ((port_id IS NULL) = (fixed_address IS NULL))
                """),
            .sql("CREATE INDEX floating_ips_by_project ON floating_ips (project_id)"),
            .table(
                "security_groups",
                """
                id TEXT PRIMARY KEY NOT NULL,
                project_id TEXT NOT NULL,
                name TEXT NOT NULL,
                description TEXT NOT NULL,
                stateful INTEGER NOT NULL CHECK (stateful IN (0, 1)),
                tags TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL
                """),
            .sql("CREATE INDEX security_groups_by_project ON security_groups (project_id)"),
            .sql("CREATE UNIQUE INDEX security_groups_default ON security_groups (project_id) WHERE name = 'default'"),
            .table(
                "security_group_rules",
                """
                id TEXT PRIMARY KEY NOT NULL,
                security_group_id TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
                project_id TEXT NOT NULL,
                description TEXT NOT NULL,
                direction TEXT NOT NULL CHECK (direction IN ('ingress', 'egress')),
                ether_type TEXT NOT NULL CHECK (ether_type IN ('IPv4', 'IPv6')),
                transport TEXT,
                port_min INTEGER,
                port_max INTEGER,
                remote_prefix TEXT,
                remote_group_id TEXT REFERENCES security_groups (id) ON DELETE CASCADE,
                created_at INTEGER NOT NULL,
                CHECK (remote_prefix IS NULL OR remote_group_id IS NULL)
                """),
            .sql("CREATE INDEX security_group_rules_by_group ON security_group_rules (security_group_id)"),
            .table(
                "port_security_groups",
                """
                port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE,
                security_group_id TEXT NOT NULL REFERENCES security_groups (id),
                PRIMARY KEY (port_id, security_group_id)
                """),
            .sql("CREATE INDEX port_security_groups_by_group ON port_security_groups (security_group_id)"),
            .table(
                "network_outbox",
                """
                sequence INTEGER PRIMARY KEY NOT NULL,
                device_id TEXT NOT NULL
                """),
        ])
}
