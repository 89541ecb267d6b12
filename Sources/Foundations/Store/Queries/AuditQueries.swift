/// What must never be so: each check is a query that names the rows that are.
package enum AuditQueries {
    /// One line for each difference.
    package static func differences(_ db: any Connection) throws -> [String] {
        try checks.flatMap { name, sql in try db.texts(sql).map { "\(name): \($0)" } }
            + counted.flatMap { resource, rows in
                try db.texts(quotaUse(of: resource, rows)).map { "quota use: \($0)" }
            }
    }

    private static let checks: [(name: String, sql: String)] = [
        (
            "allocation without a placement",
            """
            SELECT a.consumer_id || ' holds ' || a.used || ' ' || a.resource_class || ' on ' || a.provider_id
            FROM allocations a LEFT JOIN server_placements p
                ON p.consumer_id = a.consumer_id AND p.host_id = a.provider_id
            LEFT JOIN server_migrations m ON m.uuid = a.consumer_id AND m.source_host_id = a.provider_id
                AND m.status IN ('migrating', 'finished', 'confirming', 'reverting')
            WHERE p.server_id IS NULL AND m.uuid IS NULL ORDER BY 1
            """
        ),
        (
            "claim that holds nothing",
            """
            SELECT p.server_id || ' on ' || p.host_id FROM server_placements p
            WHERE p.consumer_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM allocations a
                WHERE a.consumer_id = p.consumer_id AND a.provider_id = p.host_id) ORDER BY 1
            """
        ),
        (
            "claim of a server that is not there",
            """
            SELECT p.server_id || ' on ' || p.host_id FROM server_placements p
            LEFT JOIN servers s ON s.id = p.server_id AND s.deleted_at IS NULL
            WHERE p.consumer_id IS NOT NULL AND s.id IS NULL ORDER BY 1
            """
        ),
        (
            "inventory use",
            """
            SELECT i.key || ' counts ' || i.used || ', its allocations hold ' || COALESCE(x.held, 0) FROM inventories i
            LEFT JOIN (SELECT provider_id, resource_class, SUM(used) AS held FROM allocations
                GROUP BY provider_id, resource_class) x
            ON x.provider_id = i.provider_id AND x.resource_class = i.resource_class
            WHERE i.used <> COALESCE(x.held, 0) ORDER BY 1
            """
        ),
        (
            "port of a server that is not there",
            """
            SELECT p.id || ' of ' || p.device_id FROM ports p
            LEFT JOIN servers s ON s.id = p.device_id AND s.deleted_at IS NULL
            WHERE p.device_owner LIKE 'compute:%' AND p.binding_host <> '' AND s.id IS NULL ORDER BY 1
            """
        ),
        (
            "generation of what is not there",
            """
            SELECT part FROM network_generations WHERE part NOT IN (
                SELECT 'network/' || id FROM networks UNION ALL SELECT 'router/' || id FROM routers
                UNION ALL SELECT 'rules/' || id FROM security_groups
                UNION ALL SELECT 'members/' || id FROM security_groups) ORDER BY 1
            """
        ),
        (
            "port of a router that is not there",
            """
            SELECT p.id || ' of ' || p.device_id FROM ports p LEFT JOIN routers r ON r.id = p.device_id
            WHERE p.device_owner IN ('network:router_interface', 'network:router_gateway') AND r.id IS NULL ORDER BY 1
            """
        ),
        (
            "port of a floating IP that is not there",
            """
            SELECT p.id || ' of ' || p.device_id FROM ports p LEFT JOIN floating_ips f ON f.holder_port_id = p.id
            WHERE p.device_owner = 'network:floatingip' AND f.id IS NULL ORDER BY 1
            """
        ),
        (
            "operation without a workflow",
            """
            SELECT s.id || ' ' || s.operation FROM servers s
            LEFT JOIN workflows w ON w.id = s.workflow_id AND w.finished_at IS NULL
            WHERE s.operation IS NOT NULL AND w.id IS NULL ORDER BY 1
            """
        ),
        (
            "workflow that no server waits for",
            """
            SELECT w.id || ' ' || w.kind || ' of ' || w.server_id FROM workflows w
            LEFT JOIN servers s ON s.workflow_id = w.id
            WHERE w.finished_at IS NULL AND w.server_id IS NOT NULL AND s.id IS NULL
                AND w.action NOT IN ('attach_interface', 'detach_interface', 'trigger_crash_dump')
            ORDER BY 1
            """
        ),
        (
            "workflow of a server that is not there",
            """
            SELECT w.id || ' ' || w.kind || ' of ' || w.server_id FROM workflows w
            LEFT JOIN servers s ON s.id = w.server_id AND s.deleted_at IS NULL
            WHERE w.finished_at IS NULL AND w.server_id IS NOT NULL AND s.id IS NULL ORDER BY 1
            """
        ),
        (
            "workflow that waits for a turn nobody has",
            """
            SELECT w.id || ' ' || w.kind || ' of ' || w.server_id FROM workflows w
            WHERE w.finished_at IS NULL AND w.awaits_turn = 1 AND NOT EXISTS (
                SELECT 1 FROM workflows b
                WHERE b.server_id = w.server_id AND b.finished_at IS NULL AND b.awaits_turn = 0) ORDER BY 1
            """
        ),
        (
            "placement of a server that is not there",
            """
            SELECT p.server_id || ' on ' || p.host_id FROM server_placements p
            LEFT JOIN servers s ON s.id = p.server_id AND s.deleted_at IS NULL
            WHERE p.role <> 'leaving' AND s.id IS NULL ORDER BY 1
            """
        ),
        (
            "server that is not where it is placed",
            """
            SELECT s.id || ' names ' || COALESCE(s.host_id, 'no host') || ', is on ' || p.host_id
            FROM server_placements p JOIN servers s ON s.id = p.server_id AND s.deleted_at IS NULL
            WHERE p.role = 'current' AND (s.host_id IS NULL OR s.host_id <> p.host_id) ORDER BY 1
            """
        ),
        (
            "server without a document",
            """
            SELECT s.id || ' ' || s.settled FROM servers s
            WHERE s.settled IN ('active', 'paused', 'suspended', 'stopped', 'shelved')
                AND NOT EXISTS (SELECT 1 FROM server_placements p
                    WHERE p.server_id = s.id AND p.role = 'current' AND p.document IS NOT NULL) ORDER BY 1
            """
        ),
        (
            "server that is set aside without a row",
            """
            SELECT s.id || ' ' || s.settled FROM servers s LEFT JOIN set_aside_servers a ON a.server_id = s.id
            WHERE s.settled IN ('shelved', 'shelved_offloaded', 'soft_deleted') AND a.server_id IS NULL
                AND s.deleted_at IS NULL ORDER BY 1
            """
        ),
        (
            "row of a server that is not set aside",
            """
            SELECT a.server_id || ' ' || s.settled FROM set_aside_servers a JOIN servers s ON s.id = a.server_id
            WHERE s.operation IS NULL AND s.settled NOT IN ('shelved', 'shelved_offloaded', 'soft_deleted')
            ORDER BY 1
            """
        ),
        (
            "command that nobody waits for",
            """
            SELECT c.id || ' ' || c.action || ' of ' || c.server_id FROM host_commands c
            WHERE c.state IN ('waiting', 'running') AND NOT EXISTS (
                SELECT 1 FROM workflows w WHERE w.server_id = c.server_id AND w.finished_at IS NULL) ORDER BY 1
            """
        ),
    ]

    /// Resources of which each row counts one.
    private static let counted: [(resource: String, rows: String)] = [
        ("instances", "servers WHERE deleted_at IS NULL AND settled <> 'soft_deleted'"), ("network", "networks"),
        ("subnet", "subnets"),
        ("subnetpool", "subnetpools"),
        ("port", "ports WHERE device_owner <> 'network:dhcp'"), ("router", "routers"), ("floatingip", "floating_ips"),
        ("security_group", "security_groups"), ("security_group_rule", "security_group_rules"),
    ]

    private static func quotaUse(of resource: String, _ rows: String) -> String {
        """
        SELECT x.project_id || ' counts ' || MAX(x.counted) || ' \(resource), there are ' || MAX(x.there) FROM (
            SELECT project_id, used AS counted, 0 AS there FROM quotas WHERE resource = '\(resource)'
            UNION ALL SELECT project_id, 0, count(*) FROM \(rows) GROUP BY project_id) x
        GROUP BY x.project_id HAVING MAX(x.counted) <> MAX(x.there) ORDER BY 1
        """
    }
}
