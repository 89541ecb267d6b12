extension Migrations {
    /// A generation for each part of the network that hosts have. What is there already gets the number of the network
    /// feed, which a store that was put back has had with the same rows only.
    static let networkGenerations = Migration(
        "0023-network-generations",
        [
            .table(
                "network_generations",
                """
                part TEXT PRIMARY KEY NOT NULL,
                generation TEXT NOT NULL CHECK (generation <> '')
                """)
        ]
            + [
                ("network", "networks"), ("router", "routers"), ("rules", "security_groups"),
                ("members", "security_groups"),
            ].map { kind, table in
                .sql(
                    """
                    INSERT INTO network_generations (part, generation)
                    SELECT '\(kind)/' || t.id, 'feed ' || f.sequence FROM \(table) t
                    JOIN change_feed f ON f.topic = 'network'
                    """)
            } + [
                .sql(
                    """
                    CREATE INDEX ports_of_routers ON ports (network_id, device_id)
                    WHERE device_owner = 'network:router_interface'
                    """),
                .sql("CREATE INDEX floating_ips_by_router ON floating_ips (router_id)"),
                .sql("CREATE INDEX security_group_rules_by_remote ON security_group_rules (remote_group_id)"),
            ])
}
