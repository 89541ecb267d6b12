package import Model

extension Quota: Record {
    package static var table: String { "quotas" }
    package static let columns = [
        "project_id", "resource", "limit_value", "used",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            projectID: row.id(), resource: row.text(), limit: row.int(), used: row.int())
    }

    package var values: [SQLValue] {
        [
            .id(projectID), .text(resource), .int(limit), .int(used),
        ]
    }
}
