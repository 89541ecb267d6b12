package import Model
import Store

/// What clients change of inventories. Of a host of the cloud that is what is reserved and the allocation ratio; the
/// host reports totals, and the scheduler counts by three classes.
extension PlacementService {
    /// Makes these the inventories of a provider, and no others.
    package func setInventories(
        _ wanted: [Inventory], of id: ResourceProviderID, generation: Int?
    ) async throws -> ResourceProvider {
        let classes = try await resourceClasses()
        return try await change(id, generation) { _, db in
            for inventory in wanted where !classes.contains(inventory.resourceClass) {
                throw CloudError.badRequest(
                    "Unknown resource class in inventory for resource provider \(id): "
                        + "No such resource class \(inventory.resourceClass.prefix(255)).")
            }
            let kept = Set(wanted.map(\.resourceClass))
            let lost = try PlacementQueries.inventories(of: id, db).filter { !kept.contains($0.resourceClass) }
            let held = try PlacementQueries.classesInUse(of: id, db)
            let inUse = lost.map(\.resourceClass).filter(held.contains)
            guard inUse.isEmpty else {
                throw CloudError.conflict(
                    "update conflict: Inventory for '\(inUse.joined(separator: ", "))' on resource provider '\(id)' "
                        + "in use.")
            }
            try Self.refuseHostsWord(wanted, lost: lost.map(\.resourceClass), of: id, db)
            for inventory in lost { try db.delete(Inventory.self, key: .text(inventory.key)) }
            for inventory in wanted { try PlacementQueries.setInventory(inventory, db) }
            try PlacementQueries.countChange(of: id, db)
        }
    }

    /// Adds one that is not there, or changes one that is.
    package func setInventory(
        _ inventory: Inventory, generation: Int?, isNew: Bool
    ) async throws -> ResourceProvider {
        let (id, name) = (inventory.providerID, inventory.resourceClass)
        let isKnown = try await resourceClasses().contains(name)
        return try await change(id, generation) { _, db in
            let isThere = try db.find(Inventory.self, key: .text(inventory.key)) != nil
            guard isKnown, isNew || isThere else {
                let what = isNew ? "Unable to create inventory" : "No inventory record with resource class"
                throw CloudError.badRequest(
                    "\(what) for resource provider \(id): "
                        + (isNew ? "No such resource class" : "No inventory of class") + " \(name.prefix(255)).")
            }
            guard !isNew || !isThere else {
                throw CloudError.conflict("Update conflict: there is an inventory of class \(name).")
            }
            try Self.refuseHostsWord([inventory], lost: [], of: id, db)
            try PlacementQueries.setInventory(inventory, db)
            try PlacementQueries.countChange(of: id, db)
        }
    }

    package func deleteInventory(_ name: String, of id: ResourceProviderID) async throws {
        _ = try await change(id) { _, db in
            guard try !PlacementQueries.classesInUse(of: id, db).contains(name) else {
                throw CloudError.conflict(
                    "Unable to delete inventory of class \(name): Inventory for '\(name)' on resource provider '\(id)' "
                        + "in use.")
            }
            try Self.refuseHostsWord([], lost: [name], of: id, db)
            guard try db.delete(Inventory.self, key: .text("\(id)/\(name)")) else {
                throw CloudError(
                    .notFound,
                    "No inventory of class \(name) found for delete: No inventory of class \(name) found.")
            }
            try PlacementQueries.countChange(of: id, db)
        }
    }

    private static func refuseHostsWord(
        _ wanted: [Inventory], lost: [String], of id: ResourceProviderID, _ db: any Connection
    ) throws {
        guard try isHost(id, db) else { return }
        let known = try PlacementQueries.inventories(of: id, db)
        for inventory in wanted {
            guard let there = known.first(where: { $0.resourceClass == inventory.resourceClass }) else {
                throw CloudError.conflict(
                    "Resource provider \(id) is a host of this cloud, and has none of \(inventory.resourceClass).")
            }
            guard inventory.isLike(there) else {
                throw CloudError.conflict(
                    "Resource provider \(id) is a host of this cloud, which reports its \(there.resourceClass): only "
                        + "reserved and allocation_ratio may be changed.")
            }
        }
        guard let name = known.map(\.resourceClass).first(where: lost.contains) else { return }
        throw CloudError.conflict("Resource provider \(id) is a host of this cloud, which reports its \(name).")
    }
}

extension Inventory {
    /// Whether two differ in nothing but what is reserved, used, and given out twice.
    fileprivate func isLike(_ other: Inventory) -> Bool {
        var same = self
        (same.reserved, same.allocationRatio, same.used) = (other.reserved, other.allocationRatio, other.used)
        return same == other
    }
}
