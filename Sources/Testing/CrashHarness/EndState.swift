import Cloud
import Foundation
import Image
import Model
import Store

/// What a cloud holds when all is done, without ids and times: equal for two runs that did the same.
enum EndState {
    private static let tables = [
        "address_allocations", "allocations", "domains", "endpoints", "flavors", "floating_ips", "host_commands",
        "hosts", "images", "networks", "ports", "projects", "role_assignments", "roles", "routers",
        "catalog_services", "security_group_rules", "security_groups", "server_migrations", "server_placements",
        "server_requests", "set_aside_servers", "subnets", "users",
    ]
    private static let values = [
        "SELECT name || ' ' || settled || ' operation ' || COALESCE(operation, '-') || ' power ' || power || ' fault '"
            + " || COALESCE(fault, '-') FROM servers ORDER BY created_at",
        "SELECT kind || ' ' || status FROM server_migrations ORDER BY created_at",
        "SELECT kind || ' ' || COALESCE(outcome, 'unfinished') FROM workflows ORDER BY kind, outcome",
        "SELECT resource_class || ' used ' || SUM(used) FROM inventories GROUP BY resource_class ORDER BY 1",
        "SELECT resource || ' quota use ' || used FROM quotas WHERE used > 0 ORDER BY 1",
        "SELECT COALESCE(name, '-') || ' ' || status || ' ' || COALESCE(size, 0) || ' ' || COALESCE(sha512, '-')"
            + " FROM images",
        "SELECT 'keys ' || public_keys FROM server_requests ORDER BY 1",
        "SELECT 'port ' || device_owner || ' ' || status FROM ports ORDER BY 1",
    ]

    static func text(of cloud: Cloud, images: String) async throws -> [String] {
        // A start sweeps, and else it is done every minute.
        try await cloud.image.sweep()
        let rows = try await cloud.database.read { db in
            try tables.map { "\($0): \(try db.integer("SELECT count(*) FROM \($0)") ?? 0)" }
                + values.flatMap { try db.texts($0) }
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: images)
        let strange = files.filter { !$0.split(separator: ".").allSatisfy { UUIDText.isValid(String($0)) } }
        return rows + ["image files: \(files.count), strange ones: \(strange)"]
    }
}
