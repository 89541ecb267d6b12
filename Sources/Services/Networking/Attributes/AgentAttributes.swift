package import Attributes
package import Model
import Store
import Wire

/// What a body says of an agent.
package struct AgentDraft: Sendable {
    /// `.some(nil)`: none; `nil`: as it is.
    package var description: String??

    package init() {}
}

/// The work that a host does for networks: one agent for each host does all of it.
package enum AgentAttributes {
    /// As it is at one moment: an agent lives while its host gives signs of life.
    package static func table(at now: Timestamp) -> AttributeTable<AgentDraft> {
        let oldest = now.advanced(seconds: -Host.downAfterSeconds).microseconds
        return AttributeTable(
            "agent", "agents", table: "hosts", wording: .network, visible: { _ in SQLCondition("1 = 0") },
            always + [
                Attribute(
                    "alive", .boolean,
                    .column("CASE WHEN last_seen_at > \(oldest) AND is_forced_down = 0 THEN 1 ELSE 0 END"),
                    filter: .equal)
            ])
    }

    private static let always: [Attribute<AgentDraft>] = [
        Attribute("id", .uuid, .column("id"), filter: .equal),
        Attribute("agent_type", .text(0...255), .column("'Novella agent'"), filter: .equal),
        Attribute("binary", .text(0...255), .column("'novella-agent'"), filter: .equal),
        Attribute("topic", .text(0...255), .column("'n/a'"), filter: .equal),
        Attribute("host", .text(0...255), .column("hostname"), filter: .equal),
        Attribute("availability_zone", .text(0...255), .column("'nova'"), filter: .equal),
        Attribute("admin_state_up", alwaysUp, .column("1"), change: .admin, filter: .equal),
        time("created_at", "created_at"),
        time("started_at", "COALESCE(started_at, created_at)"),
        time("heartbeat_timestamp", "last_seen_at"),
        Attribute("configurations", .object, .constant("{}")),
        Attribute(
            "description", .text(0...255), .column("agent_description"), change: .admin, null: .none, filter: .equal
        ) { $0.description = .some($1.optionalText) },
    ]

    /// Refuses `false`: networks are made wherever guests are, so it is guests that are kept from a host.
    private static let alwaysUp = AttributeType.checked(.boolean) { value throws(AttributeFault) in
        guard value.flag else {
            throw AttributeFault("the network of a host cannot be switched off while the host is there")
        }
        return value
    }

    /// As Neutron writes the times of agents.
    private static func time(_ name: String, _ column: String) -> Attribute<AgentDraft> {
        Attribute(
            name, .time,
            .derived(column) { text in
                Int64(text).map {
                    Timestamp(microseconds: $0).iso8601().replacing("T", with: " ").replacing("Z", with: "")
                }
            })
    }
}
