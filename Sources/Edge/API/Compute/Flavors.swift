import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/flavors`.
struct FlavorsAPI: Sendable {
    private struct Rendering: Sendable {
        var flavor: Flavor
        var baseURL: String
        var rootURL: String
    }

    let compute: ComputeService

    private static let detail: [Field<FieldWriter<Rendering>>] = [
        Field { $1.field("id", $0.flavor.id) },
        Field { $1.field("name", $0.flavor.name) },
        Field { $1.field("ram", $0.flavor.memory) },
        Field { $1.field("disk", $0.flavor.disk) },
        Field(until: 74) { rendering, writer in
            if rendering.flavor.swap == 0 {
                writer.field("swap", "")
            } else {
                writer.field("swap", rendering.flavor.swap)
            }
        },
        Field(since: 75) { $1.field("swap", $0.flavor.swap) },
        Field { $1.field("OS-FLV-EXT-DATA:ephemeral", $0.flavor.ephemeral) },
        Field(until: 101) { $1.field("OS-FLV-DISABLED:disabled", $0.flavor.isDisabled) },
        Field { $1.field("vcpus", $0.flavor.vcpus) },
        Field { $1.field("os-flavor-access:is_public", $0.flavor.isPublic) },
        Field(until: 101) { $1.field("rxtx_factor", raw: $0.flavor.rxtxFactor) },
        Field { writeLinks("/flavors/", "/compute/flavors/", $0.flavor.id, $0.baseURL, $0.rootURL, &$1) },
        Field(since: 55) { $1.field("description", $0.flavor.description) },
        Field(since: 61) { $1.field("extra_specs", $0.flavor.extraSpecs) },
    ]

    private static let summary: [Field<FieldWriter<Rendering>>] = [
        Field { $1.field("id", $0.flavor.id) },
        Field { $1.field("name", $0.flavor.name) },
        Field { writeLinks("/flavors/", "/compute/flavors/", $0.flavor.id, $0.baseURL, $0.rootURL, &$1) },
        Field(since: 55) { $1.field("description", $0.flavor.description) },
    ]

    private static let members = [Field(until: 101, "rxtx_factor"), Field(since: 55, "description")]

    var routes: [Route] {
        [
            Route(.get, "/flavors", .authenticated) { try await list($0, Self.summary) },
            Route(.get, "/flavors/detail", .authenticated) { try await list($0, Self.detail) },
            Route(.get, "/flavors/{id}", .authenticated) { request in
                render(try await compute.flavor(request.id(), by: request.caller), request)
            },
            Route(.post, "/flavors", .admin, handler: create),
            Route(.put, "/flavors/{id}", .admin, versions: Microversion(2, 55)...Microversion(2, 9999)) { request in
                var fields = try await request.body("flavor")
                try fields.require("description")
                let description = try NovaText.description(try fields.optionalString("description", 0...65_535))
                try fields.finish()
                return render(try await compute.changeFlavor(request.id()) { $0.description = description }, request)
            },
            Route(.delete, "/flavors/{id}", .admin) { request in
                try await compute.deleteFlavor(request.id())
                return .accepted
            },
            Route(.get, "/flavors/{id}/os-flavor-access", .admin, handler: access),
            Route(.post, "/flavors/{id}/action", .admin, handler: changeAccess),
        ]
    }

    private func list(_ request: APIRequest, _ fields: [Field<FieldWriter<Rendering>>]) async throws -> APIResponse {
        let page = try Page(request)
        let minimumDisk = try request.integer("minDisk")
        let minimumRAM = try request.integer("minRam")
        let isPublic = try Self.isPublic(request)
        let order = try FlavorSorting(request)
        let name = try request.query("name").map(NamePattern.init)
        var found = try await compute.flavors(isPublic: isPublic, by: request.caller).filter {
            name?.matches($0.name) != false && $0.disk >= minimumDisk ?? 0 && $0.memory >= minimumRAM ?? 0
        }
        order.sort(&found)
        if let marker = page.marker {
            guard let at = found.firstIndex(where: { $0.id.text == marker }) else {
                throw CloudError.badRequest("marker [\(marker)] not found")
            }
            found.removeFirst(at + 1)
        }
        let shown = Array(found.prefix(page.limit))
        let plan = FieldPlan(fields, at: request.version, admin: request.caller.isAdmin)
        return .json(reserving: shown.count * 512) { writer in
            writer.array("flavors") { writer in
                for flavor in shown {
                    plan.write(
                        Rendering(flavor: flavor, baseURL: request.baseURL, rootURL: request.rootURL), to: &writer)
                }
            }
            if shown.count < found.count {
                page.writeNext("flavors_links", last: shown.last?.id.text, count: shown.count, request, to: &writer)
            }
        }
    }

    /// Public ones unless an administrator asks for others, or with `none` for both.
    private static func isPublic(_ request: APIRequest) throws -> Bool? {
        guard request.caller.isAdmin, let asked = request.query("is_public") else { return true }
        if asked.lowercased() == "none" { return nil }
        guard let wanted = APIRequest.boolean(asked) else {
            throw CloudError.badRequest("Invalid is_public filter [\(asked.prefix(40))]: say true, false or none.")
        }
        return wanted
    }

    private func render(_ flavor: Flavor, _ request: APIRequest) -> APIResponse {
        let plan = FieldPlan(Self.detail, at: request.version, admin: request.caller.isAdmin)
        return .json { writer in
            writer.key("flavor")
            plan.write(Rendering(flavor: flavor, baseURL: request.baseURL, rootURL: request.rootURL), to: &writer)
        }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        var fields = try await request.body("flavor", Self.members)
        try fields.refuseNulls(except: ["id", "description"])
        let name = try NovaText.name(try fields.string("name", 1...255), of: "name")
        let id = try Self.id(&fields)
        let flavor = Flavor(
            id: id == "auto" ? .random() : FlavorID(id), name: name,
            vcpus: try fields.int("vcpus", 1...Int(Int32.max)), memory: try fields.int("ram", 1...Int(Int32.max)),
            disk: try fields.int("disk", 0...Int(Int32.max)),
            ephemeral: try fields.optionalInt("OS-FLV-EXT-DATA:ephemeral", 0...Int(Int32.max)) ?? 0,
            swap: try fields.optionalInt("swap", 0...Int(Int32.max)) ?? 0,
            rxtxFactor: try Self.factor(&fields),
            isPublic: try fields.optionalBool("os-flavor-access:is_public") ?? true,
            description: try NovaText.description(try fields.optionalString("description", 0...65_535)),
            extraSpecs: try JSONText([:]), createdAt: compute.clock.now())
        try fields.finish()
        return render(try await compute.create(flavor), request)
    }

    /// A text, or a number that is meant as one.
    private static func id(_ fields: inout Fields) throws -> String {
        guard case .integer(let number)? = fields.peek("id") else {
            return try NovaText.flavorID(try fields.optionalString("id", 1...255) ?? "auto")
        }
        _ = fields.value("id")
        return String(number)
    }

    private static func factor(_ fields: inout Fields) throws -> String {
        switch fields.value("rxtx_factor") {
        case nil, .null: return "1.0"
        case .integer(let number) where number > 0: return "\(number).0"
        case .real(let number) where number > 0: return "\(number)"
        case .string(let text):
            if let number = Double(text), number > 0, number.isFinite { return "\(number)" }
            throw fields.invalid("rxtx_factor", .string(text), "It must be a number above 0.")
        case .some(let value): throw fields.invalid("rxtx_factor", value, "It must be a number above 0.")
        }
    }

    private func access(_ request: APIRequest) async throws -> APIResponse {
        let flavor = try await compute.flavor(request.id(), by: request.caller)
        guard !flavor.isPublic else {
            throw CloudError(.notFound, "Access list not available for public flavors.")
        }
        return try await accessList(flavor.id)
    }

    private func accessList(_ id: FlavorID) async throws -> APIResponse {
        let projects = try await compute.flavorAccess(id)
        return .json { writer in
            writer.array("flavor_access") { writer in
                for project in projects {
                    writer.object {
                        $0.field("flavor_id", id)
                        $0.field("tenant_id", project)
                    }
                }
            }
        }
    }

    private func changeAccess(_ request: APIRequest) async throws -> APIResponse {
        var outer = try Fields(try await request.json())
        let flavor = try await compute.flavor(request.id(), by: request.caller)
        let adds = outer.has("addTenantAccess")
        guard adds || outer.has("removeTenantAccess") else {
            throw CloudError.badRequest("There is no such action: \(outer.names.first?.prefix(80) ?? "")")
        }
        var fields = try outer.object(adds ? "addTenantAccess" : "removeTenantAccess")
        let project = ProjectID(try fields.string("tenant", 1...255))
        try fields.finish()
        try outer.finish()
        if adds {
            if flavor.isPublic, request.version >= Microversion(2, 7) {
                throw CloudError(.conflict, "Can not add access to a public flavor.")
            }
            try await compute.giveFlavor(flavor.id, to: project)
        } else {
            try await compute.takeFlavor(flavor.id, from: project)
        }
        return try await accessList(flavor.id)
    }
}
