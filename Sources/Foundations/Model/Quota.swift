/// One project's limit and use of one resource; limit and use change under one row, so that a race cannot pass both.
package struct Quota: Sendable, Equatable {
    package var projectID: ProjectID
    /// Nova's and Neutron's own names: `instances`, `cores`, `ram`, `network`, `port`, ...
    package var resource: String
    /// -1 means no limit.
    package var limit: Int
    package var used: Int = 0
    /// Whether the limit was set for the project; others follow the default.
    package var isOwn = false

    package init(
        projectID: ProjectID, resource: String, limit: Int, used: Int = 0, isOwn: Bool = false
    ) {
        self.projectID = projectID
        self.resource = resource
        self.limit = limit
        self.used = used
        self.isOwn = isOwn
    }

    package static let unlimited = -1

    /// Nova's defaults.
    package static let computeDefaults: [(resource: String, limit: Int)] = [
        ("instances", 10), ("cores", 20), ("ram", 51200), ("key_pairs", 100), ("metadata_items", 128),
        ("server_groups", 10), ("server_group_members", 10),
    ]

    /// What Nova counted before other services did; each is shown until a microversion, and kept for whoever asks.
    package static let formerComputeDefaults: [(resource: String, limit: Int, until: Int)] = [
        ("fixed_ips", -1, 36), ("floating_ips", -1, 36), ("security_groups", -1, 36), ("security_group_rules", -1, 36),
        ("injected_files", 5, 57), ("injected_file_content_bytes", 10_240, 57), ("injected_file_path_bytes", 255, 57),
    ]

    package static var allComputeDefaults: [(resource: String, limit: Int)] {
        computeDefaults + formerComputeDefaults.map { ($0.resource, $0.limit) }
    }

    package static func computeDefault(_ resource: String) -> Int {
        allComputeDefaults.first { $0.resource == resource }?.limit ?? unlimited
    }

    /// Neutron's defaults.
    package static let networkDefaults: [(resource: String, limit: Int)] = [
        ("network", 100), ("subnet", 100), ("port", 500), ("router", 10), ("floatingip", 50),
        ("security_group", 10), ("security_group_rule", 100), ("rbac_policy", 10), ("subnetpool", -1),
    ]
}
