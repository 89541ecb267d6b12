/// An identifier that knows what it identifies, so that a port id is never taken for a server id.
///
/// The text is opaque. Those made here are lower-case UUIDs, with dashes (servers, ports, ...) or without
/// (projects, users, roles: Keystone's form).
public struct Identifier<Kind>: Hashable, Sendable, Codable, CustomStringConvertible, Comparable {
    public let text: String

    @inlinable
    public init(_ text: String) {
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    @inlinable public var description: String { text }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.text < right.text
    }

    /// A new random identifier in dashed form.
    public static func random() -> Self {
        Self(UUIDText.random())
    }

    /// A new identifier in dashed form that sorts behind those of earlier times.
    package static func ordered(at time: Timestamp) -> Self {
        Self(UUIDText.ordered(at: time))
    }

    /// A new random identifier of 32 hexadecimal digits.
    public static func randomUndashed() -> Self {
        Self(UUIDText.random().filter { $0 != "-" })
    }
}

package enum DomainKind: Sendable {}
package enum ProjectKind: Sendable {}
package enum UserKind: Sendable {}
package enum RoleKind: Sendable {}
package enum CatalogServiceKind: Sendable {}
package enum EndpointKind: Sendable {}
package enum ImageKind: Sendable {}
package enum NetworkKind: Sendable {}
package enum SubnetKind: Sendable {}
package enum PortKind: Sendable {}
package enum RouterKind: Sendable {}
package enum FloatingIPKind: Sendable {}
package enum SecurityGroupKind: Sendable {}
package enum SubnetPoolKind: Sendable {}
package enum AddressScopeKind: Sendable {}
package enum SecurityGroupRuleKind: Sendable {}
package enum ServerKind: Sendable {}
package enum ServerGroupKind: Sendable {}
package enum FlavorKind: Sendable {}
package enum HostKind: Sendable {}
package enum AggregateKind: Sendable {}
package enum WorkflowKind: Sendable {}
package enum ResourceProviderKind: Sendable {}

package typealias DomainID = Identifier<DomainKind>
package typealias ProjectID = Identifier<ProjectKind>
package typealias UserID = Identifier<UserKind>
package typealias RoleID = Identifier<RoleKind>
package typealias CatalogServiceID = Identifier<CatalogServiceKind>
package typealias EndpointID = Identifier<EndpointKind>
package typealias ImageID = Identifier<ImageKind>
package typealias NetworkID = Identifier<NetworkKind>
package typealias SubnetID = Identifier<SubnetKind>
package typealias PortID = Identifier<PortKind>
package typealias RouterID = Identifier<RouterKind>
package typealias FloatingIPID = Identifier<FloatingIPKind>
package typealias SubnetPoolID = Identifier<SubnetPoolKind>
package typealias AddressScopeID = Identifier<AddressScopeKind>
package typealias SecurityGroupID = Identifier<SecurityGroupKind>
package typealias SecurityGroupRuleID = Identifier<SecurityGroupRuleKind>
package typealias ServerID = Identifier<ServerKind>
package typealias ServerGroupID = Identifier<ServerGroupKind>
/// A flavor's id is whatever its maker chose: `1`, `m1.small`, a UUID.
package typealias FlavorID = Identifier<FlavorKind>
package typealias HostID = Identifier<HostKind>
package typealias AggregateID = Identifier<AggregateKind>
package enum HostCommandKind {}
package typealias HostCommandID = Identifier<HostCommandKind>
package typealias WorkflowID = Identifier<WorkflowKind>
package typealias ResourceProviderID = Identifier<ResourceProviderKind>
package enum UserGroupKind {}
package typealias UserGroupID = Identifier<UserGroupKind>
package enum ApplicationCredentialKind {}
package typealias ApplicationCredentialID = Identifier<ApplicationCredentialKind>
package enum TrustKind {}
package typealias TrustID = Identifier<TrustKind>
package enum CredentialKind {}
package typealias CredentialID = Identifier<CredentialKind>
