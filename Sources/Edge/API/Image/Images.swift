import APIKit
import HTTPTypes
import Image
import Model
import Wire

/// `/images`.
struct ImagesAPI: Sendable {
    private static let pageLimit = 25
    let image: ImageService

    var routes: [Route] {
        [
            Route(.get, "/images", .reader, handler: list),
            Route(.post, "/images", .member, handler: create),
            Route(.get, "/images/{id}", .reader) { request in
                try render(try await image.show(request.id(), by: request.caller))
            },
            Route(.patch, "/images/{id}", .member, handler: patch),
            Route(.delete, "/images/{id}", .member) { request in
                try await image.delete(request.id(), by: request.caller)
                return .noContent
            },
            Route(.put, "/images/{id}/tags/{tag}", .member) { request in
                let tag = request.parameter("tag")
                return try await retag(request) { $0.contains(tag) ? $0 : $0 + [tag] }
            },
            Route(.delete, "/images/{id}/tags/{tag}", .member) { request in
                let tag = request.parameter("tag")
                return try await retag(request) { tags in
                    guard tags.contains(tag) else { throw CloudError(.notFound, "The image has no tag '\(tag)'.") }
                    return tags.filter { $0 != tag }
                }
            },
            Route(.get, "/images/{id}/members", .reader) { request in
                _ = try await image.show(request.id(), by: request.caller)
                return .json { writer in
                    writer.array("members") { _ in }
                    writer.field("schema", "/v2/schemas/members")
                }
            },
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let filter = try Self.filter(request)
        let limit = min(try request.integer("limit") ?? Self.pageLimit, 1000)
        let marker = request.query("marker").map { ImageID($0) }
        let wanted = request.queries("tag")
        let found =
            limit == 0 ? [] : try await image.list(filter, marker: marker, limit: limit, by: request.caller)
        let shown = try found.filter { image in
            let tags = try image.tags.value()
            return wanted.allSatisfy { tags.contains($0) }
        }
        return try .json(reserving: shown.count * 1024) { writer in
            try writer.array("images") { writer in
                for image in shown { try Self.write(image, to: &writer) }
            }
            writer.field("first", Self.page(request, after: nil))
            if found.count == limit, let last = found.last {
                writer.field("next", Self.page(request, after: last.id))
            }
            writer.field("schema", "/v2/schemas/images")
        }
    }

    /// The address of a page of the list that was asked for.
    private static func page(_ request: APIRequest, after marker: ImageID?) -> String {
        let query = request.queryParameters.text("marker", becomes: marker?.text)
        return query.isEmpty ? "/v2/images" : "/v2/images?\(query)"
    }

    private static func filter(_ request: APIRequest) throws -> ImageFilter {
        var filter = ImageFilter()
        filter.names = request.query("name").map(words)
        filter.ids = request.query("id").map { words($0).map { ImageID($0) } }
        filter.status = request.query("status")
        filter.visibility = request.query("visibility").flatMap { $0 == "all" ? nil : $0 }
        filter.owner = request.query("owner")
        filter.diskFormat = request.query("disk_format")
        filter.containerFormat = request.query("container_format")
        filter.isHidden = request.query("os_hidden").map { $0.lowercased() == "true" } ?? false
        return filter
    }

    /// `in:a,b` asks for several, quoted or not.
    private static func words(_ text: String) -> [String] {
        guard text.hasPrefix("in:") else { return [text] }
        return text.dropFirst(3).split(separator: ",").map { word in
            String(word.first == "\"" && word.last == "\"" && word.count > 1 ? word.dropFirst().dropLast() : word)
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try Fields(try await request.json())
        let now = image.clock.now()
        var made = Model.Image(
            id: try fields.optionalID("id") ?? .random(),
            projectID: try fields.optionalString("owner").map { ProjectID($0) } ?? request.caller.project(),
            properties: try JSONText([:]), tags: try JSONText(try fields.strings("tags") ?? []), createdAt: now,
            updatedAt: now)
        guard request.caller.owns(made.projectID) else {
            throw CloudError(.forbidden, "You are not permitted to create images owned by '\(made.projectID)'.")
        }
        var properties: [String: String] = [:]
        for name in fields.names {
            guard let value = fields.value(name) else { continue }
            try ImageAttributes.set(name, to: value, of: &made, &properties)
        }
        made.properties = try JSONText(properties)
        try ImageAttributes.check(made)
        let created = try await image.create(made, by: request.caller)
        return try render(created, .created).header(.location, "\(request.baseURL)/images/\(created.id)")
    }

    /// JSON patch as Glance takes it: `add`, `replace`, `remove` of one member.
    private func patch(_ request: APIRequest) async throws -> APIResponse {
        let type = request.headers[.contentType] ?? ""
        guard type.hasPrefix("application/openstack-images-v2") else {
            throw CloudError(
                .unsupportedMedia, "Patch an image with content type application/openstack-images-v2.1-json-patch.")
        }
        guard case .array(let changes) = try await request.json() else {
            throw CloudError.badRequest("The body must be a list of changes.")
        }
        let changed = try await image.update(request.id(), by: request.caller) { try Self.apply(changes, to: &$0) }
        return try render(changed)
    }

    private static func apply(_ changes: [JSONValue], to image: inout Model.Image) throws {
        var properties = try image.properties.value()
        for change in changes {
            var fields = try Fields(change, at: "change")
            let operation = try fields.word("op", of: ["add", "replace", "remove"]) ?? ""
            let path = try fields.string("path", 2...300)
            let name = path.dropFirst().replacing("~1", with: "/").replacing("~0", with: "~")
            guard path.hasPrefix("/"), !name.isEmpty else { throw CloudError.badRequest("Bad path '\(path)'.") }
            if operation == "remove" {
                guard properties.removeValue(forKey: String(name)) != nil else {
                    throw CloudError(
                        ImageAttributes.names.contains(String(name)) ? .forbidden : .conflict,
                        "Property \(name) cannot be removed.")
                }
                continue
            }
            guard let value = fields.value("value") else { throw CloudError.badRequest("The change has no value.") }
            try ImageAttributes.set(String(name), to: value, of: &image, &properties)
        }
        image.properties = try JSONText(properties)
        try ImageAttributes.check(image)
    }

    private func retag(
        _ request: APIRequest, _ change: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> APIResponse {
        _ = try await image.update(request.id(), by: request.caller) { image in
            image.tags = try JSONText(try change(try image.tags.value()))
            try ImageAttributes.check(image)
        }
        return .noContent
    }

    private func render(_ image: Model.Image, _ status: HTTPResponse.Status = .ok) throws -> APIResponse {
        var writer = JSONWriter(reserving: 1024)
        try Self.write(image, to: &writer)
        return APIResponse(status, headers: [.contentType: "application/json"], body: .bytes(writer.bytes))
    }

    static func write(_ image: Model.Image, to writer: inout JSONWriter) throws {
        let properties = try image.properties.value()
        writer.object { writer in
            writer.field("id", image.id)
            writer.field("name", image.name)
            writer.field("status", image.status.rawValue)
            writer.field("visibility", image.visibility.rawValue)
            writer.field("protected", image.isProtected)
            writer.field("os_hidden", image.isHidden)
            writer.field("owner", image.projectID)
            writer.field("disk_format", image.diskFormat)
            writer.field("container_format", image.containerFormat)
            writer.field("min_disk", image.minDisk)
            writer.field("min_ram", image.minRAM)
            writer.field("size", image.size)
            writer.field("virtual_size", image.virtualSize)
            writer.field("checksum", image.checksum)
            writer.field("os_hash_algo", image.sha512 == nil ? nil : "sha512")
            writer.field("os_hash_value", image.sha512)
            writer.field("tags", image.tags)
            writer.field("created_at", image.createdAt.iso8601())
            writer.field("updated_at", image.updatedAt.iso8601())
            writer.field("self", "/v2/images/\(image.id)")
            writer.field("file", "/v2/images/\(image.id)/file")
            writer.field("schema", "/v2/schemas/image")
            for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
                writer.key(text: name)
                writer.value(value)
            }
        }
    }
}
