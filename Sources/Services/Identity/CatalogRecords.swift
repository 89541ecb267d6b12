package import Attributes
package import Model
import Store
import Wire

/// Services, endpoints and regions.
extension IdentityService {
    package func create(endpoint wishes: Wishes<Endpoint>) async throws -> EndpointID {
        let draft = Endpoint(
            id: .randomUndashed(), serviceID: CatalogServiceID(""), interface: "", url: "", regionID: "")
        try await create(draft, wishes, noun: "endpoint") { endpoint, db in
            try Self.settle(&endpoint, wishes, db)
        }
        return draft.id
    }

    package func update(endpoint id: String, _ wishes: Wishes<Endpoint>) async throws {
        try await update(Endpoint.self, id, wishes, noun: "endpoint") { _, new, db in
            try Self.settle(&new, wishes, db)
        }
    }

    /// A region named by `region` is made where there is none; one named by `region_id` must be there.
    private static func settle(_ endpoint: inout Endpoint, _ wishes: Wishes<Endpoint>, _ db: any Connection) throws {
        if wishes["region_id"]?.optionalText == nil, let region = wishes["region"]?.optionalText {
            endpoint.regionID = region
            try db.insertIfAbsent(Region(id: region))
        }
        // The region without a name is that of endpoints which are in none.
        if endpoint.regionID.isEmpty { try db.insertIfAbsent(Region(id: "")) }
        guard try db.find(Region.self, key: .text(endpoint.regionID)) != nil else {
            throw CloudError.badRequest("Expecting to find endpoint region_id in region table.")
        }
        guard try db.find(CatalogService.self, key: .id(endpoint.serviceID)) != nil else {
            throw CloudError.badRequest("Expecting to find endpoint service_id in service table.")
        }
    }

    package func create(region wishes: Wishes<Region>, id: String?) async throws -> String {
        let given = wishes["id"]?.text ?? ""
        let id = id ?? (given.isEmpty ? CatalogServiceID.randomUndashed().text : given)
        try await create(Region(id: ""), wishes, noun: "region") { region, db in
            region.id = id
            try Self.check(parentOf: region, db)
        }
        return id
    }

    package func update(region id: String, _ wishes: Wishes<Region>) async throws {
        try await update(Region.self, id, wishes, noun: "region") { _, new, db in
            try Self.check(parentOf: new, db)
        }
    }

    /// A region stands below one that is there, and not below itself.
    private static func check(parentOf region: Region, _ db: any Connection) throws {
        var next = region.parentID
        while let id = next {
            guard id != region.id else {
                throw CloudError.badRequest("A region cannot stand below itself: \(id.prefix(80)).")
            }
            guard let parent = try db.find(Region.self, key: .text(id)), !id.isEmpty else {
                throw notFound("region", id)
            }
            next = parent.parentID
        }
    }

    /// The regions below it go with it; one that has endpoints stays.
    package func delete(region id: String) async throws {
        do {
            try await change { db in
                guard !id.isEmpty, try db.find(Region.self, key: .text(id)) != nil else {
                    throw Self.notFound("region", id)
                }
                var open = [id]
                while let region = open.popLast() {
                    open += try db.texts("SELECT id FROM regions WHERE parent_region_id = ?1", [.text(region)])
                    try db.delete(Region.self, key: .text(region))
                }
            }
        } catch let error as StoreError where error.kind == .foreignKeyViolation {
            throw CloudError(
                .forbidden,
                "Unable to delete region \(id.prefix(80)) because it or its child regions have associated endpoints.",
                cause: error)
        }
    }
}
