import Attributes
import Model
import Wire

/// What nearly every resource of Network has.
enum StandardAttributes {
    static func identity<Draft>(
        _ draft: @escaping @Sendable (inout Draft, ProjectID) -> Void
    ) -> [Attribute<Draft>] {
        [Attribute("id", .uuid, .column("id"), filter: .equal, sorts: true)]
            + ["project_id", "tenant_id"].map { name in
                Attribute(
                    name, .text(1...255), .column("project_id"), create: .anyone, filter: .equal, sorts: true
                ) { draft(&$0, ProjectID($1.text)) }
            }
    }

    static func name<Draft>(
        required: Bool = false, _ set: @escaping Attribute<Draft>.Setter
    ) -> Attribute<Draft> {
        Attribute(
            "name", .name, .column("name"), create: .anyone, change: .anyone, required: required, default: "",
            filter: .equal, sorts: true, set: set)
    }

    static func description<Draft>(_ set: @escaping Attribute<Draft>.Setter) -> Attribute<Draft> {
        Attribute(
            "description", .name, .column("description"), create: .anyone, change: .anyone, default: "",
            filter: .equal, sorts: true, set: set)
    }

    static func adminStateUp<Draft>(_ set: @escaping Attribute<Draft>.Setter) -> Attribute<Draft> {
        Attribute(
            "admin_state_up", .boolean, .column("admin_state_up"), create: .anyone, change: .anyone, default: true,
            filter: .equal, sorts: true, set: set)
    }

    static func history<Draft>(_ tags: @escaping Attribute<Draft>.Setter) -> [Attribute<Draft>] {
        [
            Attribute("tags", .tags, .column("tags"), create: .anyone, default: .array([]), set: tags),
            Attribute("created_at", .time, .column("created_at"), sorts: true),
            Attribute("updated_at", .time, .column("updated_at"), sorts: true),
            Attribute("revision_number", .integer(0...Int.max), .column("revision"), filter: .equal, sorts: true),
        ]
    }

    static func zones<Draft>(_ set: @escaping Attribute<Draft>.Setter) -> [Attribute<Draft>] {
        [
            Attribute(
                "availability_zone_hints", .zoneHints, .column("availability_zone_hints"), create: .anyone,
                default: .array([]), set: set),
            Attribute("availability_zones", .list(of: .name), .constant(#"["nova"]"#)),
        ]
    }
}

/// Looks something up for many rows: one statement for each hundred of them.
enum ManyRows {
    private static let atOnce = 100

    static func each(_ ids: [String], _ body: (_ places: String, _ ids: [String]) throws -> Void) rethrows {
        var at = 0
        while at < ids.count {
            var some = Array(ids[at..<min(at + atOnce, ids.count)])
            // All statements have the same text.
            some += Array(repeating: "", count: atOnce - some.count)
            try body((1...atOnce).map { "?\($0)" }.joined(separator: ", "), some)
            at += atOnce
        }
    }
}
