import APIKit
import HTTPTypes
import Model
import Wire

/// `/metadefs`: names and values that this cloud understands in properties, for forms such as Horizon's. They come
/// with the cloud; nobody changes them.
struct MetadefsAPI: Sendable {
    private struct Property: Sendable {
        var name: String
        var title: String
        var type = "string"
        var values: [String] = []
    }

    private struct Namespace: Sendable {
        var name: String
        var title: String
        var description: String
        /// Each with the prefix that its properties have there.
        var resourceTypes: [(name: String, prefix: String)]
        var properties: [Property]
    }

    private static let all: [Namespace] = [
        Namespace(
            name: "OS::Compute::Libvirt", title: "libvirt Driver Options for Images",
            description: "How guests of an image are made, and how they are spoken to.",
            resourceTypes: [("OS::Glance::Image", "hw_"), ("OS::Cinder::Volume", "hw_")],
            properties: [
                Property(name: "qemu_guest_agent", title: "QEMU guest agent", values: ["yes", "no"]),
                Property(name: "disk_bus", title: "Disk bus", values: ["virtio", "scsi"]),
                Property(name: "vif_model", title: "Network card", values: ["virtio", "e1000", "e1000e", "rtl8139"]),
            ]),
        Namespace(
            name: "OS::OperatingSystem", title: "Common Operating System Properties",
            description: "Which system an image holds.",
            resourceTypes: [("OS::Glance::Image", ""), ("OS::Cinder::Volume", "")],
            properties: [
                Property(name: "os_distro", title: "Distribution"), Property(name: "os_version", title: "Version"),
                Property(name: "os_admin_user", title: "Name of the administrator"),
            ]),
        Namespace(
            name: "OS::Compute::Requirements", title: "Requirements of flavors",
            description: "What a host must have for servers of a flavor, and what they take of it.",
            resourceTypes: [("OS::Nova::Flavor", ""), ("OS::Nova::Aggregate", ""), ("OS::Nova::Server", "")],
            properties: [
                Property(name: "hw:cpu_policy", title: "CPU policy", values: ["shared", "dedicated"]),
                Property(name: "resources:VCPU", title: "Virtual CPUs taken", type: "integer"),
            ]),
    ]

    var routes: [Route] {
        [
            Route(.get, "/metadefs/namespaces", .reader, handler: list),
            Route(.get, "/metadefs/namespaces/{namespace}", .reader) { request in
                let found = try Self.find(request)
                return .json { Self.write(found, withProperties: true, to: &$0) }
            },
            Route(.get, "/metadefs/namespaces/{namespace}/properties", .reader) { request in
                let found = try Self.find(request)
                return .json { Self.writeProperties(of: found, to: &$0) }
            },
            Route(.get, "/metadefs/namespaces/{namespace}/resource_types", .reader) { request in
                let found = try Self.find(request)
                return .json { Self.writeAssociations(of: found, to: &$0) }
            },
            Self.empty("objects"), Self.empty("tags"),
            Route(.get, "/metadefs/resource_types", .reader) { _ in
                let names = Set(Self.all.flatMap(\.resourceTypes).map(\.name)).sorted()
                return .json { writer in
                    writer.array("resource_types") { writer in
                        for name in names { writer.object { $0.field("name", name) } }
                    }
                }
            },
        ]
    }

    private static func empty(_ kind: String) -> Route {
        Route(.get, "/metadefs/namespaces/{namespace}/\(kind)", .reader) { request in
            _ = try find(request)
            return .json { writer in
                writer.key(text: kind)
                writer.array { _ in }
                writer.field("first", "/v2/metadefs/namespaces/\(request.parameter("namespace"))/\(kind)")
                writer.field("schema", "/v2/schemas/metadefs/\(kind)")
            }
        }
    }

    private static func find(_ request: APIRequest) throws -> Namespace {
        let name = request.parameter("namespace")
        guard let found = all.first(where: { $0.name == name }) else {
            throw CloudError(.notFound, "Metadata definition namespace not found: \(name.prefix(80))")
        }
        return found
    }

    @Sendable
    private func list(_ request: APIRequest) throws -> APIResponse {
        let types = request.queries("resource_types").flatMap { $0.split(separator: ",").map(String.init) }
        if let visibility = request.query("visibility"), !["public", "private"].contains(visibility) {
            throw CloudError.badRequest("Invalid visibility value: '\(visibility.prefix(40))'.")
        }
        let shown = Self.all.filter { namespace in
            (types.isEmpty || namespace.resourceTypes.contains { types.contains($0.name) })
                && request.query("visibility") != "private"
        }
        return .json { writer in
            writer.array("namespaces") { writer in
                for namespace in shown { writer.object { Self.write(namespace, withProperties: false, to: &$0) } }
            }
            writer.field("first", "/v2/metadefs/namespaces")
            writer.field("schema", "/v2/schemas/metadefs/namespaces")
        }
    }

    private static func write(_ namespace: Namespace, withProperties: Bool, to writer: inout JSONWriter) {
        writer.field("namespace", namespace.name)
        writer.field("display_name", namespace.title)
        writer.field("description", namespace.description)
        writer.field("visibility", "public")
        writer.field("protected", true)
        writer.field("owner", "admin")
        writer.field("self", "/v2/metadefs/namespaces/\(namespace.name)")
        writer.field("schema", "/v2/schemas/metadefs/namespace")
        writer.field("created_at", "2026-01-01T00:00:00Z")
        writer.field("updated_at", "2026-01-01T00:00:00Z")
        writeAssociations(of: namespace, to: &writer)
        if withProperties {
            writeProperties(of: namespace, to: &writer)
            writer.array("objects") { _ in }
        }
    }

    private static func writeAssociations(of namespace: Namespace, to writer: inout JSONWriter) {
        writer.array("resource_type_associations") { writer in
            for (name, prefix) in namespace.resourceTypes {
                writer.object { writer in
                    writer.field("name", name)
                    if !prefix.isEmpty { writer.field("prefix", prefix) }
                    writer.field("created_at", "2026-01-01T00:00:00Z")
                    writer.field("updated_at", "2026-01-01T00:00:00Z")
                }
            }
        }
    }

    private static func writeProperties(of namespace: Namespace, to writer: inout JSONWriter) {
        writer.object("properties") { writer in
            for property in namespace.properties {
                writer.key(text: property.name)
                writer.object { writer in
                    writer.field("title", property.title)
                    writer.field("description", property.title)
                    writer.field("type", property.type)
                    writer.field("operators", strings: [])
                    if !property.values.isEmpty { writer.field("enum", strings: property.values) }
                }
            }
        }
    }
}
