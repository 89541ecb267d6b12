import APIKit
import Attributes
import HTTPTypes
import Image
import Model
import Wire

/// `/images`: Glance's images in the form of Nova's first API, until 2.35.
struct ImageProxyAPI: Sendable {
    let image: ImageService

    private static let versions = Microversion(2, 1)...Microversion(2, 35)

    var routes: [Route] {
        [
            Route(.get, "/images", .reader, versions: Self.versions) { request in
                try await list(request, Self.writeSummary)
            },
            Route(.get, "/images/detail", .reader, versions: Self.versions) { request in
                try await list(request, Self.write)
            },
            Route(.get, "/images/{id}", .reader, versions: Self.versions, handler: show),
            Route(.delete, "/images/{id}", .member, versions: Self.versions, handler: delete),
        ]
    }

    static let notFound = CloudError(.notFound, "Image not found.")

    private func show(_ request: APIRequest) async throws -> APIResponse {
        do {
            let found = try await image.show(request.id(), by: request.caller)
            return try .json { writer in
                try writer.object("image") { try Self.write(found, request, to: &$0) }
            }
        } catch let error as CloudError where error.kind == .notFound {
            throw Self.notFound
        }
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        do {
            try await image.delete(request.id(), by: request.caller)
            return .noContent
        } catch let error as CloudError where error.kind == .notFound {
            throw Self.notFound
        } catch let error as CloudError where error.kind == .forbidden {
            throw CloudError(.forbidden, "You are not allowed to delete the image.", cause: error)
        }
    }

    private func list(
        _ request: APIRequest, _ write: (Model.Image, APIRequest, inout JSONWriter) throws -> Void
    ) async throws -> APIResponse {
        // Nova reads both and does nothing with them.
        for name in ["offset", "page_size"] { _ = try request.integer(name) }
        let asked = try request.integer("limit") ?? 0
        let limit = min(asked > 0 ? asked : Page.maximum, Page.maximum)
        var query = try ImageListQuery.read(try Self.filters(request), by: request.caller)
        query.limit = limit
        query.marker = request.query("marker")
        let found: [Model.Image]
        do {
            found = try await image.images(query, by: request.caller)
        } catch let error as CloudError where error.kind == .notFound {
            throw CloudError(.badRequest, error.message, cause: error)
        }
        return try .json(reserving: 4096) { writer in
            try writer.array("images") { writer in
                for one in found { try writer.object { try write(one, request, &$0) } }
            }
            Self.writeNext(found, limit, request, to: &writer)
        }
    }

    private static func writeNext(
        _ found: [Model.Image], _ limit: Int, _ request: APIRequest, to writer: inout JSONWriter
    ) {
        guard let last = found.last, found.count == limit else { return }
        let query = request.queryParameters.text("marker", becomes: last.id.text)
        writer.array("images_links") { writer in
            writer.object {
                $0.field("rel", "next")
                $0.field("href", "\(request.rootURL)\(request.path)?\(query)")
            }
        }
    }

    // MARK: Filters

    /// Nova's names of filters and Glance's.
    private static let names = [
        "name": "name", "status": "status", "changes-since": "updated_at", "server": "instance_uuid",
        "type": "image_type", "minRam": "min_ram", "minDisk": "min_disk",
    ]
    private static let paging: Set<String> = ["limit", "marker", "sort", "sort_key", "sort_dir", "member_status"]

    /// The query in Glance's words; parameters that Nova does not know it passes over.
    private static func filters(_ request: APIRequest) throws -> ListParameters {
        var filters: [String: [String]] = [:]
        for name in request.queryNames.sorted() {
            guard let value = request.query(name) else { continue }
            if name.hasPrefix("property-") {
                let property = String(name.dropFirst("property-".utf8.count))
                guard !property.isEmpty, !paging.contains(property) else {
                    throw CloudError.badRequest("Images cannot be filtered by '\(name.prefix(80))'.")
                }
                filters[property] = [property == "instance_uuid" ? lastSegment(value) : value]
            } else if let known = names[name] {
                filters[known] = [translated(name, value)]
            }
        }
        return ListParameters(filters)
    }

    private static func translated(_ name: String, _ value: String) -> String {
        switch name {
        case "status": value.lowercased()
        case "changes-since": "gte:" + value
        case "server": lastSegment(value)
        default: value
        }
    }

    /// A server may be named by its address.
    private static func lastSegment(_ text: String) -> String {
        text.split(separator: "/").last.map(String.init) ?? text
    }

    // MARK: Answers

    @Sendable
    private static func writeSummary(_ image: Model.Image, _ request: APIRequest, to writer: inout JSONWriter) {
        writer.field("id", image.id)
        writer.field("name", image.name)
        writeLinks(image, request, to: &writer)
    }

    @Sendable
    private static func write(_ image: Model.Image, _ request: APIRequest, to writer: inout JSONWriter) throws {
        let properties = try image.properties.value()
        let (status, progress) = words(of: image)
        writer.field("id", image.id)
        writer.field("name", image.name)
        writer.field("minRam", image.minRAM)
        writer.field("minDisk", image.minDisk)
        writer.object("metadata") { write(properties, to: &$0) }
        writer.field("created", image.createdAt.iso8601())
        writer.field("updated", image.updatedAt.iso8601())
        writer.field("status", status)
        writer.field("progress", progress)
        writer.field("OS-EXT-IMG-SIZE:size", image.size ?? 0)
        writeLinks(image, request, to: &writer)
        if let server = properties["instance_uuid"].map({ ServerID($0) }) {
            writer.object("server") { writer in
                writer.field("id", server)
                API.writeLinks("/servers/", "/compute/servers/", server, request.baseURL, request.rootURL, &writer)
            }
        }
        if let flag = properties["auto_disk_config"] {
            writer.field("OS-DCF:diskConfig", APIRequest.boolean(flag) == true ? "AUTO" : "MANUAL")
        }
    }

    private static let holdingJSON: Set<String> = ["block_device_mapping", "mappings"]

    /// What holds JSON is shown as such, as in Nova.
    static func write(_ properties: [String: String], to writer: inout JSONWriter) {
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            writer.key(text: name)
            if holdingJSON.contains(name), let json = try? JSONValue(parsing: Array(value.utf8)) {
                writer.raw(json.jsonText)
            } else {
                writer.value(value)
            }
        }
    }

    /// Nova's word for a status of Glance's, and how far its upload is.
    private static func words(of image: Model.Image) -> (status: String, progress: Int) {
        if image.isStaged { return ("UNKNOWN", 0) }
        return switch image.status {
        case .active: ("ACTIVE", 100)
        case .queued: ("SAVING", 25)
        case .saving: ("SAVING", 50)
        case .deleted: ("DELETED", 0)
        case .killed: ("ERROR", 0)
        case .deactivated: ("UNKNOWN", 0)
        }
    }

    private static func writeLinks(_ image: Model.Image, _ request: APIRequest, to writer: inout JSONWriter) {
        let own = "images/\(image.id)"
        writer.array("links") { writer in
            for (relation, address) in [
                ("self", "\(request.baseURL)/\(own)"), ("bookmark", "\(request.rootURL)/compute/\(own)"),
            ] {
                writer.object {
                    $0.field("rel", relation)
                    $0.field("href", address)
                }
            }
            writer.object {
                $0.field("rel", "alternate")
                $0.field("type", "application/vnd.openstack.image")
                $0.field("href", "\(request.rootURL)/image/v2/\(own)")
            }
        }
    }
}
