import Foundation
import Model
import Store

/// Prefixes that subnets take from pools.
extension NetworkingService {
    /// The pool that a new subnet is of: the one it names, or the default one.
    func pool(of draft: SubnetDraft, by caller: Caller, _ db: any Connection) throws -> SubnetPool? {
        let version = draft.subnet.ipVersion
        guard draft.subnet.cidr.isEmpty || draft.prefixLength == nil else {
            throw Self.badSubnet("cidr and prefixlen must not be supplied together")
        }
        if let id = draft.subnet.subnetPoolID {
            guard !draft.usesDefaultPool else {
                throw Self.badSubnet("subnetpool_id and use_default_subnetpool cannot both be specified")
            }
            guard let found = try db.find(SubnetPool.self, key: .id(id)), Self.mayUse(found, caller) else {
                throw SubnetPool.notFound(id.text)
            }
            guard found.ipVersion == version else {
                throw Self.badSubnet("Cannot allocate IPv\(version) subnet from IPv\(found.ipVersion) subnet pool")
            }
            return found
        }
        guard draft.usesDefaultPool else { return nil }
        guard let found = try SubnetPoolQueries.defaultPool(version: version, db), Self.mayUse(found, caller) else {
            throw Self.badSubnet("No default subnetpool found for IPv\(version)")
        }
        return found
    }

    private static func mayUse(_ pool: SubnetPool, _ caller: Caller) -> Bool {
        caller.owns(pool.projectID) || pool.isShared
    }

    private static func badSubnet(_ reason: String) -> CloudError {
        CloudError(.badRequest, "Bad subnets request: \(reason).", type: "BadRequest")
    }

    /// The subnet with a prefix of the pool: its own, the one of its gateway, or the first that is free.
    static func takePrefix(_ draft: SubnetDraft, _ pool: SubnetPool, _ db: any Connection) throws -> Subnet {
        var subnet = draft.subnet
        subnet.subnetPoolID = pool.id
        if subnet.cidr.isEmpty, !subnet.allocationPools.raw.isEmpty, try !subnet.allocationPools.value().isEmpty {
            throw badSubnet("allocation_pools allowed only for specific subnet requests")
        }
        let length = CIDR(subnet.cidr)?.length ?? draft.prefixLength ?? pool.defaultPrefixLength
        guard length <= pool.maxPrefixLength else {
            throw CloudError(
                .badRequest,
                "Unable to allocate subnet with prefix length \(length), maximum allowed prefix is "
                    + "\(pool.maxPrefixLength).", type: "MaxPrefixSubnetAllocationError")
        }
        guard length >= pool.minPrefixLength else {
            throw CloudError(
                .badRequest,
                "Unable to allocate subnet with prefix length \(length), minimum allowed prefix is "
                    + "\(pool.minPrefixLength).", type: "MinPrefixSubnetAllocationError")
        }
        let taken = try SubnetPoolQueries.subnets(of: pool.id, db)
        try checkQuota(length, of: pool, for: subnet.projectID, taken)
        let free = PrefixSet(try pool.cidrs(), version: pool.ipVersion)
            .subtracting(PrefixSet(taken.compactMap { CIDR($0.cidr) }, version: pool.ipVersion)).prefixes
        if let wanted = wantedPrefix(subnet, length) {
            guard free.contains(where: { $0.length <= wanted.length && $0.contains(wanted.first) }) else {
                throw noRoom("Cannot allocate requested subnet from the available set of prefixes")
            }
            subnet.cidr = wanted.description
            return subnet
        }
        // Of the smallest that will do, so that large ones stay whole.
        let fitting = free.filter { $0.length <= length }
        guard let room = fitting.first(where: { $0.length == fitting.map(\.length).max() }) else {
            throw noRoom("Insufficient prefix space to allocate subnet size /\(length)")
        }
        subnet.cidr = CIDR(first: room.first, length: length).description
        return subnet
    }

    private static func wantedPrefix(_ subnet: Subnet, _ length: Int) -> CIDR? {
        if !subnet.cidr.isEmpty { return CIDR(subnet.cidr) }
        return subnet.gatewayIP.flatMap { $0.isEmpty ? nil : CIDR("\($0)/\(length)") }
    }

    private static func noRoom(_ reason: String) -> CloudError {
        CloudError(.conflict, "Failed to allocate subnet: \(reason).", type: "SubnetAllocationError")
    }

    /// IPv4 is counted in addresses, IPv6 in prefixes of 64 bits. A quota of 0 is none.
    private static func checkQuota(
        _ length: Int, of pool: SubnetPool, for project: ProjectID, _ taken: [Subnet]
    ) throws {
        guard let quota = pool.defaultQuota, quota > 0 else { return }
        let unit = pool.ipVersion == 4 ? 32 : 64
        let own = taken.filter { $0.projectID == project }.compactMap { CIDR($0.cidr)?.length } + [length]
        guard own.reduce(0, { $0 + pow(2, Double(unit - $1)) }) <= Double(quota) else {
            throw CloudError(
                .overQuota, "Per-project subnet pool prefix quota exceeded.", type: "SubnetPoolQuotaExceeded")
        }
    }

    /// Subnets of one version on one network are of one address scope, or without scopes of one pool.
    static func checkScope(
        of subnet: Subnet, _ pool: SubnetPool?, beside others: [Subnet], _ db: any Connection
    ) throws {
        let others = others.filter { $0.ipVersion == subnet.ipVersion }
        let scope = try others.lazy.compactMap { try SubnetPoolQueries.scope(of: $0.id, db) }.first
        if let scope, let pool, pool.addressScopeID != scope { throw Self.otherScope }
        let isOfAnother = others.contains { other in
            pool == nil ? other.subnetPoolID != nil : scope == nil && other.subnetPoolID != pool?.id
        }
        guard !isOfAnother else {
            throw CloudError(
                .badRequest, "Subnets hosted on the same network must be allocated from the same subnet pool.",
                type: "NetworkSubnetPoolAffinityError")
        }
    }

    static let otherScope = CloudError(
        .badRequest,
        "Subnets of the same address family hosted on the same network must all participate in the same address scope.",
        type: "NetworkAddressScopeAffinityError")
}

extension SubnetPool {
    func cidrs() throws -> [CIDR] { try prefixes.value().compactMap { CIDR($0) } }
}
