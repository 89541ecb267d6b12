/// One project's limit and use of one resource; limit and use change under one row, so that a race cannot pass both.
package struct Quota: Sendable, Equatable {
    package var projectID: ProjectID
    /// Nova's and Neutron's own names: `instances`, `cores`, `ram`, `network`, `port`, ...
    package var resource: String
    /// -1 means no limit.
    package var limit: Int
    package var used: Int = 0

    package init(
        projectID: ProjectID, resource: String, limit: Int, used: Int = 0
    ) {
        self.projectID = projectID
        self.resource = resource
        self.limit = limit
        self.used = used
    }

    package static let unlimited = -1

    /// Nova's defaults.
    package static let computeDefaults: [(resource: String, limit: Int)] = [
        ("instances", 10), ("cores", 20), ("ram", 51200), ("key_pairs", 100), ("metadata_items", 128),
        ("server_groups", 10), ("server_group_members", 10),
    ]

    package static func computeDefault(_ resource: String) -> Int {
        computeDefaults.first { $0.resource == resource }?.limit ?? unlimited
    }

    /// Neutron's defaults.
    package static let networkDefaults: [(resource: String, limit: Int)] = [
        ("network", 100), ("subnet", 100), ("port", 500), ("router", 10), ("floatingip", 50),
        ("security_group", 10), ("security_group_rule", 100), ("rbac_policy", 10), ("subnetpool", -1),
    ]
}
