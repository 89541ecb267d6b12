import APIKit
import Model

/// `sort_key` and `sort_dir` of a server list, each as often as wanted.
enum ServerSorting {
    /// Nova's names. Those without a key are the same for every server here, or are not kept.
    private static let keys: [String: ServerFilter.SortKey?] = [
        "access_ip_v4": .accessIPv4, "access_ip_v6": .accessIPv6, "auto_disk_config": .diskConfig,
        "availability_zone": .zone, "config_drive": .configDrive, "created_at": .createdAt,
        "display_description": .description, "display_name": .name, "host": .host, "hostname": .hostname,
        "image_ref": .image, "instance_type_id": .flavor, "kernel_id": nil, "key_name": .key,
        "launch_index": .launchIndex, "launched_at": .launchedAt, "locked": .locked, "locked_by": .locked,
        "node": .host, "power_state": .power, "progress": nil, "project_id": .project, "ramdisk_id": nil,
        "root_device_name": nil, "task_state": .operation, "terminated_at": .terminatedAt, "updated_at": .updatedAt,
        "user_id": .user, "uuid": .id, "vm_state": .settled,
    ]
    private static let later = [Field(since: 73, "locked")]
    /// Joined tables, which Nova ignores up to 2.74 and refuses from then on.
    private static let ignored = [
        "block_device_mapping", "extra", "info_cache", "metadata", "pci_devices", "security_groups", "services",
        "system_metadata", "tags",
    ].map { Field(until: 74, $0) }

    static func read(_ request: APIRequest) throws -> [(key: ServerFilter.SortKey, ascending: Bool)] {
        let directions = request.queries("sort_dir")
        for direction in directions where !["asc", "desc"].contains(direction) {
            throw CloudError.badRequest(
                "Invalid input for query parameters sort_dir. Value: '\(direction.prefix(40))'. It is neither 'asc' "
                    + "nor 'desc'.")
        }
        var order: [(key: ServerFilter.SortKey, ascending: Bool)] = []
        for (at, name) in request.queries("sort_key").enumerated() {
            if ignored.shown(at: request.version).contains(name) { continue }
            guard let known = keys[name], !later.absent(at: request.version).contains(name) else {
                throw CloudError.badRequest(
                    "Invalid input for query parameters sort_key. Value: '\(name.prefix(40))'. "
                        + "Servers cannot be sorted by it.")
            }
            if ["host", "node"].contains(name), !request.caller.isAdmin {
                throw CloudError(.forbidden, "Only administrators may sort by '\(name)'.")
            }
            guard let key = known, !order.contains(where: { $0.key == key }) else { continue }
            let direction = at < directions.count ? directions[at] : directions.last ?? "desc"
            order.append((key, direction == "asc"))
        }
        if order.isEmpty, directions.first == "asc" { order = [(.createdAt, true)] }
        return order
    }
}
