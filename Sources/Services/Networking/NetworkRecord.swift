import Attributes
package import Model
package import Store
import Wire

/// A record of Network that belongs to a project.
package protocol OwnedRecord: KeyedRecord {
    var projectID: ProjectID { get }
    static func notFound(_ id: String) -> CloudError
}

/// One that counts its changes and has tags.
package protocol NetworkRecord: OwnedRecord, Revised {
    var tags: JSONText<[String]> { get set }
}

extension Network: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { NetworkAttributes.table.notFound(id) }
}

extension Subnet: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { SubnetAttributes.table.notFound(id) }
}

extension SubnetPool: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { SubnetPoolAttributes.table.notFound(id) }
}

extension AddressScope: OwnedRecord {
    package static func notFound(_ id: String) -> CloudError { AddressScopeAttributes.table.notFound(id) }
}

extension Port: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { PortAttributes.table.notFound(id) }
}

extension Router: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { RouterAttributes.table.notFound(id) }
}

extension FloatingIP: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { FloatingIPAttributes.table.notFound(id) }
}

extension SecurityGroup: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { SecurityGroupAttributes.table.notFound(id) }
}

extension SecurityGroupRule: NetworkRecord {
    package static func notFound(_ id: String) -> CloudError { SecurityGroupRuleAttributes.table.notFound(id) }
}

extension NetworkingService {
    /// The tags of a row of the caller's own.
    package func tags<Kept: NetworkRecord>(
        of type: Kept.Type, _ id: String, by caller: Caller
    ) async throws -> [String] {
        try await database.read { try own(type, id, caller, $0).tags.value() }
    }

    /// Changes them; what comes of it is checked as the attribute is.
    package func retag<Kept: NetworkRecord>(
        _ type: Kept.Type, _ id: String, by caller: Caller,
        _ edit: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> [String] {
        let now = clock.now()
        return try await change { db in
            var kept = try own(type, id, caller, db)
            let wanted = JSONValue.array(try edit(try kept.tags.value()).map { .string($0) })
            do {
                kept.tags = try JSONText(AttributeType.tags.converted(wanted, lenient: true).texts)
            } catch let fault as AttributeFault {
                throw CloudError(
                    .badRequest, "Invalid input for tags. Reason: \(fault.reason).", type: "HTTPBadRequest")
            }
            kept.revise(at: now)
            try db.update(kept)
            return try kept.tags.value()
        }
    }
}
