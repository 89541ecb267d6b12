import APIKit
import HTTPTypes
import Model
import Placement
import Wire

/// `/resource_providers/{id}/inventories`.
struct InventoriesAPI: Sendable {
    let placement: PlacementService

    private static let path = "/resource_providers/{id}/inventories"

    var routes: [Route] {
        [
            Route(.get, Self.path, .serviceOrAdmin) { request in
                let (provider, found) = try await placement.inventories(of: request.id())
                return Self.all(provider, found)
            },
            Route(.put, Self.path, .serviceOrAdmin, handler: replace),
            Route(.post, Self.path, .serviceOrAdmin) { try await write($0, isNew: true) },
            Route(.delete, Self.path, .serviceOrAdmin) { request in
                guard request.version >= Microversion(1, 5) else {
                    throw CloudError(.notAllowed, "The method specified is not allowed for this resource.")
                }
                _ = try await placement.setInventories([], of: request.id(), generation: nil)
                return .noContent
            },
            Route(.get, Self.path + "/{class}", .serviceOrAdmin) { request in
                let (provider, found) = try await placement.inventories(of: request.id())
                let name = request.parameter("class")
                guard let one = found.first(where: { $0.resourceClass == name }) else {
                    throw CloudError(.notFound, "No inventory of class \(name.prefix(255)) for \(provider.id)")
                }
                return Self.one(provider, one)
            },
            Route(.put, Self.path + "/{class}", .serviceOrAdmin) { try await write($0, isNew: false) },
            Route(.delete, Self.path + "/{class}", .serviceOrAdmin) { request in
                try await placement.deleteInventory(request.parameter("class"), of: request.id())
                return .noContent
            },
        ]
    }

    private func replace(_ request: APIRequest) async throws -> APIResponse {
        let id = try await placement.provider(request.id()).id
        var fields = try Fields(try await request.json())
        let generation = try fields.generation()
        let given = try fields.object("inventories")
        try fields.finish()
        let wanted = try given.names.map { name in
            var one = try Fields(given.peek(name) ?? .null, at: name)
            if one.has("resource_provider_generation") { _ = try one.generation() }
            return try InventoryBody.read(&one, of: id, class: name, at: request.version)
        }
        let provider = try await placement.setInventories(wanted, of: id, generation: generation)
        return Self.all(provider, wanted)
    }

    private func write(_ request: APIRequest, isNew: Bool) async throws -> APIResponse {
        let id = try await placement.provider(request.id()).id
        var fields = try Fields(try await request.json())
        let isCompared = !isNew || fields.has("resource_provider_generation")
        let generation = isCompared ? try fields.generation() : nil
        let name = isNew ? try InventoryBody.name(&fields) : request.parameter("class")
        let wanted = try InventoryBody.read(&fields, of: id, class: name, at: request.version)
        let provider = try await placement.setInventory(wanted, generation: generation, isNew: isNew)
        guard isNew else { return Self.one(provider, wanted) }
        let place = "\(request.baseURL)/resource_providers/\(id)/inventories/\(name)"
        return Self.one(provider, wanted, .created).header(.location, place)
    }

    private static func all(_ provider: ResourceProvider, _ found: [Inventory]) -> APIResponse {
        .json { writer in
            writer.field("resource_provider_generation", provider.generation)
            writer.object("inventories") { writer in
                for inventory in found {
                    writer.key(text: inventory.resourceClass)
                    writer.object { members(inventory, to: &$0) }
                }
            }
        }
    }

    private static func one(
        _ provider: ResourceProvider, _ inventory: Inventory, _ status: HTTPResponse.Status = .ok
    ) -> APIResponse {
        .json(status) { writer in
            members(inventory, to: &writer)
            writer.field("resource_provider_generation", provider.generation)
        }
    }

    private static func members(_ inventory: Inventory, to writer: inout JSONWriter) {
        writer.field("total", inventory.total)
        writer.field("reserved", inventory.reserved)
        writer.field("min_unit", inventory.minUnit)
        writer.field("max_unit", inventory.maxUnit)
        writer.field("step_size", inventory.stepSize)
        writer.field("allocation_ratio", raw: "\(Double(inventory.allocationRatio) / 1000)")
    }
}

/// One inventory as clients give it.
private enum InventoryBody {
    private static let largest = Int(Int32.max)
    /// Where the product with the largest total is still an integer of 64 bits, in thousandths.
    private static let largestRatio = 1_000_000.0

    static func name(_ fields: inout Fields) throws -> String {
        let name = try fields.string("resource_class")
        guard !name.isEmpty, PlacementName.isCustom("CUSTOM_" + name.prefix(200)) else {
            throw fields.invalid("resource_class", .string(name), "It must match '^[A-Z0-9_]+$'.")
        }
        return name
    }

    static func read(
        _ fields: inout Fields, of id: ResourceProviderID, class name: String, at version: Microversion
    ) throws -> Inventory {
        try fields.require("total")
        let inventory = Inventory(
            providerID: id, resourceClass: name, total: try integer(&fields, "total", 1...largest) ?? 1,
            reserved: try integer(&fields, "reserved", 0...largest) ?? 0,
            minUnit: try integer(&fields, "min_unit", 1...largest) ?? 1,
            maxUnit: try integer(&fields, "max_unit", 1...largest) ?? largest,
            stepSize: try integer(&fields, "step_size", 1...largest) ?? 1,
            allocationRatio: try ratio(&fields) ?? 1000)
        try fields.finish()
        let mayBeFull = version >= Microversion(1, 26)
        guard inventory.capacity >= (mayBeFull ? 0 : 1) else {
            throw CloudError.badRequest(
                "Invalid inventory for '\(name)' on resource provider '\(id)'. The reserved value is greater than "
                    + (mayBeFull ? "total." : "or equal to total."))
        }
        return inventory
    }

    private static func integer(_ fields: inout Fields, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let value = fields.value(name) else { return nil }
        guard case .integer(let number) = value, range.contains(number) else {
            throw fields.invalid(
                name, value, "It must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// In thousandths; finer ones are not kept.
    private static func ratio(_ fields: inout Fields) throws -> Int? {
        guard let value = fields.value("allocation_ratio") else { return nil }
        let given: Double? =
            switch value {
            case .integer(let number): Double(number)
            case .real(let number): number
            default: nil
            }
        guard let given, given >= 0.001, given <= largestRatio, abs((given * 1000).rounded() - given * 1000) < 1e-6
        else {
            throw fields.invalid(
                "allocation_ratio", value, "It must be a number of thousandths from 0.001 to \(Int(largestRatio)).")
        }
        return Int((given * 1000).rounded())
    }
}
