package import Attributes
package import Model
package import Store
import Wire

/// A record of Network that belongs to a project.
package protocol OwnedRecord: KeyedRecord {
    associatedtype Draft: Sendable
    static var attributes: AttributeTable<Draft> { get }
    var projectID: ProjectID { get }
}

extension OwnedRecord {
    static func notFound(_ id: some CustomStringConvertible) -> CloudError { attributes.notFound(id) }
}

/// One that counts its changes and has tags.
package protocol NetworkRecord: OwnedRecord, Revised {
    var tags: JSONText<[String]> { get set }
}

extension Network: NetworkRecord {
    package static var attributes: AttributeTable<Network> { NetworkAttributes.table }
}

extension Subnet: NetworkRecord {
    package static var attributes: AttributeTable<SubnetDraft> { SubnetAttributes.table }
}

extension SubnetPool: NetworkRecord {
    package static var attributes: AttributeTable<SubnetPool> { SubnetPoolAttributes.table }
}

extension AddressScope: OwnedRecord {
    package static var attributes: AttributeTable<AddressScope> { AddressScopeAttributes.table }
}

extension Port: NetworkRecord {
    package static var attributes: AttributeTable<PortDraft> { PortAttributes.table }
}

extension Router: NetworkRecord {
    package static var attributes: AttributeTable<RouterDraft> { RouterAttributes.table }
}

extension FloatingIP: NetworkRecord {
    package static var attributes: AttributeTable<FloatingIPDraft> { FloatingIPAttributes.table }
}

extension SecurityGroup: NetworkRecord {
    package static var attributes: AttributeTable<SecurityGroup> { SecurityGroupAttributes.table }
}

extension SecurityGroupRule: NetworkRecord {
    package static var attributes: AttributeTable<SecurityGroupRule> { SecurityGroupRuleAttributes.table }
}

extension NetworkingService {
    /// The tags of a row that the caller sees.
    package func tags<Kept: NetworkRecord>(
        of type: Kept.Type, _ id: String, by caller: Caller
    ) async throws -> [String] {
        try await database.read { try seen(type, id, caller, $0).tags.value() }
    }

    /// Changes them; what comes of it is checked as the attribute is.
    package func retag<Kept: NetworkRecord>(
        _ type: Kept.Type, _ id: String, by caller: Caller,
        _ edit: @escaping @Sendable ([String]) throws -> [String]
    ) async throws -> [String] {
        let now = clock.now()
        return try await change { db, _ in
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
