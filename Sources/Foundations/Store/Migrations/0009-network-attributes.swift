extension Migrations {
    /// What clients may give and what used to have no place; revisions count the changes of a row.
    static let networkAttributes = Migration(
        "0009-network-attributes",
        [
            .column("networks", "dns_domain TEXT NOT NULL DEFAULT ''"),
            .column("networks", "availability_zone_hints TEXT NOT NULL DEFAULT '[]'"),
            .column("routers", "availability_zone_hints TEXT NOT NULL DEFAULT '[]'"),
            .column("floating_ips", "dns_name TEXT NOT NULL DEFAULT ''"),
            .column("floating_ips", "dns_domain TEXT NOT NULL DEFAULT ''"),
            .column("ports", "profile TEXT NOT NULL DEFAULT '{}'"),
            .column("security_group_rules", "tags TEXT NOT NULL DEFAULT '[]'"),
            .column("security_group_rules", "updated_at INTEGER NOT NULL DEFAULT 0"),
            .sql("UPDATE security_group_rules SET updated_at = created_at"),
            // Lists are read in this order: a sort would copy each row whole.
            .sql("DROP INDEX ports_by_project"),
            .sql("CREATE INDEX ports_by_project ON ports (project_id, created_at, id)"),
            .sql("CREATE INDEX ports_by_creation ON ports (created_at, id)"),
            .sql(
                """
                UPDATE ports SET status = 'ACTIVE'
                WHERE device_owner IN ('network:router_interface', 'network:router_gateway')
                """),
        ]
            + [
                "networks", "subnets", "ports", "routers", "floating_ips", "security_groups", "security_group_rules",
            ].map { .column($0, "revision INTEGER NOT NULL DEFAULT 0") })
}
