/// A record that counts its changes.
package protocol Revised {
    var updatedAt: Timestamp { get set }
    /// Neutron's `revision_number`.
    var revision: Int { get set }
}

extension Revised {
    package mutating func revise(at now: Timestamp) {
        updatedAt = now
        revision += 1
    }
}

extension Network: Revised {}
extension Subnet: Revised {}
extension SubnetPool: Revised {}
extension Port: Revised {}
extension Router: Revised {}
extension FloatingIP: Revised {}
extension SecurityGroup: Revised {}
extension SecurityGroupRule: Revised {}
