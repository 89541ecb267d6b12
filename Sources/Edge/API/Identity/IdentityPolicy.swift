import Identity
import Model

/// Keystone's default rules: administrators may do all, readers of the system see all, those of a domain see what is in
/// it, and its managers change what is in it.
enum IdentityPolicy {
    static func require(_ isAllowed: Bool, _ action: String) throws(CloudError) {
        guard isAllowed else {
            throw CloudError(
                .forbidden, "You are not authorized to perform the requested action: identity:\(action).")
        }
    }
}

extension Caller {
    private var isReader: Bool { AccessLevel.reader.admits(self) }

    /// Whether everything is the caller's to see.
    var seesAll: Bool { isAdmin || (scope == .system && isReader) }

    /// The domain that the token is for.
    var domain: DomainID? {
        if case .domain(let id) = scope { id } else { nil }
    }

    /// Whether what is in a domain is the caller's to see.
    func sees(_ other: DomainID?) -> Bool {
        seesAll || (other != nil && domain == other && isReader)
    }

    /// The domain to which lists are cut down; refused where no list is the caller's to see.
    func listedDomain(_ action: String) throws -> DomainID? {
        try IdentityPolicy.require(seesAll || (domain != nil && isReader), action)
        return seesAll && domain == nil ? nil : domain
    }

    /// Whether what is in a domain is the caller's to change.
    func manages(_ other: DomainID?) -> Bool {
        isAdmin || (other != nil && domain == other && roles.contains("manager"))
    }
}
