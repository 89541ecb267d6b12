package import Model
import Store

extension NetworkingService {
    /// All of them, or none.
    package func create(_ pools: [SubnetPool], by caller: Caller) async throws -> [SubnetPool] {
        try await change { db, _ in try pools.map { try make($0, by: caller, db) } }
    }

    private func make(_ pool: SubnetPool, by caller: Caller, _ db: any Connection) throws -> SubnetPool {
        var made = pool
        let cidrs = try pool.cidrs()
        guard let version = cidrs.first?.version else {
            throw CloudError(.badRequest, "Empty subnet pool prefix list.", type: "EmptySubnetPoolPrefixList")
        }
        let isIPv4 = version == 4
        made.ipVersion = version
        if made.minPrefixLength < 0 { made.minPrefixLength = isIPv4 ? 8 : 64 }
        if made.maxPrefixLength < 0 { made.maxPrefixLength = isIPv4 ? 32 : 128 }
        if made.defaultPrefixLength < 0 { made.defaultPrefixLength = made.minPrefixLength }
        try complete(&made, from: nil, by: caller, db)
        try Self.take("subnetpool", for: made.projectID, db)
        try db.insert(made)
        return made
    }

    @discardableResult
    package func update(
        _ id: SubnetPoolID, by caller: Caller, _ edit: @escaping @Sendable (inout SubnetPool) throws -> Void
    ) async throws -> SubnetPool {
        let now = clock.now()
        return try await change { db, touch in
            let old = try own(SubnetPool.self, id, caller, db)
            if let scope = old.addressScopeID, try !caller.owns(self.scope(scope, caller, db).projectID) {
                throw CloudError(
                    .badRequest,
                    "Illegal subnetpool update : subnetpool \(id) cannot be updated when associated with shared "
                        + "address scope \(scope).", type: "IllegalSubnetPoolUpdate")
            }
            var changed = old
            try edit(&changed)
            try complete(&changed, from: old, by: caller, db)
            changed.revise(at: now)
            try db.update(changed)
            if changed.addressScopeID != old.addressScopeID {
                for router in try SubnetPoolQueries.routers(on: id, db) { touch.part(.router(router)) }
            }
            return changed
        }
    }

    /// Returns what the pool has then.
    package func add(prefixes: [String], to id: SubnetPoolID, by caller: Caller) async throws -> [String] {
        try await update(id, by: caller) { pool in
            pool.prefixes = try JSONText(try pool.prefixes.value() + prefixes)
        }.prefixes.value()
    }

    /// Takes away what no subnet has; returns what is left.
    package func remove(prefixes: [String], from id: SubnetPoolID, by caller: Caller) async throws -> [String] {
        let now = clock.now()
        return try await change { db, _ in
            var pool = try own(SubnetPool.self, id, caller, db)
            let version = pool.ipVersion
            let gone = PrefixSet(prefixes.compactMap { CIDR($0) }, version: version)
            let taken = try SubnetPoolQueries.subnets(of: id, db).compactMap { CIDR($0.cidr) }
            guard !PrefixSet(taken, version: version).overlaps(gone) else {
                throw CloudError(
                    .badRequest,
                    "Illegal update to prefixes: One or more the prefixes to be removed is in use by a subnet.",
                    type: "IllegalSubnetPoolPrefixUpdate")
            }
            let left = PrefixSet(try pool.cidrs(), version: version).subtracting(gone).prefixes.map(\.description)
            pool.prefixes = try JSONText(left)
            pool.revise(at: now)
            try db.update(pool)
            return left
        }
    }

    package func deleteSubnetPool(_ id: SubnetPoolID, by caller: Caller) async throws {
        try await change { db, _ in
            let pool = try own(SubnetPool.self, id, caller, db)
            guard try SubnetPoolQueries.subnets(of: id, db).isEmpty else {
                throw CloudError(
                    .badRequest, "Unable to delete subnet pool: Subnet pool has existing allocations.",
                    type: "SubnetPoolDeleteError")
            }
            try db.delete(SubnetPool.self, key: .id(id))
            try Self.giveBack("subnetpool", for: pool.projectID, db)
        }
    }

    /// Checks a pool against itself, what it was, and the others, and writes its prefixes as few as can be.
    private func complete(
        _ pool: inout SubnetPool, from old: SubnetPool?, by caller: Caller, _ db: any Connection
    ) throws {
        let cidrs = try pool.cidrs()
        guard cidrs.allSatisfy({ [version = pool.ipVersion] in $0.version == version }) else {
            throw CloudError(
                .badRequest, "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.", type: "PrefixVersionMismatch")
        }
        let prefixes = PrefixSet(cidrs, version: pool.ipVersion)
        if let old, try !prefixes.isSuperset(of: PrefixSet(old.cidrs(), version: old.ipVersion)) {
            throw CloudError(
                .badRequest, "Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes.",
                type: "IllegalSubnetPoolPrefixUpdate")
        }
        pool.prefixes = try JSONText(prefixes.prefixes.map(\.description))
        try Self.checkBounds(pool)
        if pool.isDefault, let other = try SubnetPoolQueries.defaultPool(version: pool.ipVersion, db),
            other.id != pool.id
        {
            throw CloudError(
                .badRequest,
                "Invalid input for operation: A default subnetpool for this IP family has already been set. Only one "
                    + "default may exist per IP family.", type: "InvalidInput")
        }
        if let scope = pool.addressScopeID { try join(pool, prefixes, to: scope, by: caller, db) }
    }

    private static func checkBounds(_ pool: SubnetPool) throws {
        let most = pool.ipVersion == 4 ? 32 : 128
        let (least, usual, max) = (pool.minPrefixLength, pool.defaultPrefixLength, pool.maxPrefixLength)
        for (isGood, name, length, base, bound) in [
            (least <= max, "min_prefixlen", least, "max_prefixlen", max),
            (max <= most, "max_prefixlen", max, "ip_version_max", most),
            (usual >= least, "default_prefixlen", usual, "min_prefixlen", least),
            (usual <= max, "default_prefixlen", usual, "max_prefixlen", max),
        ] where !isGood {
            throw CloudError(
                .badRequest, "Illegal prefix bounds: \(name)=\(length), \(base)=\(bound).",
                type: "IllegalSubnetPoolPrefixBounds")
        }
    }

    /// Within a scope no address is twice, and a network is in one scope.
    private func join(
        _ pool: SubnetPool, _ prefixes: PrefixSet, to id: AddressScopeID, by caller: Caller, _ db: any Connection
    ) throws {
        let scope = try scope(id, caller, db)
        guard scope.ipVersion == pool.ipVersion else {
            throw CloudError(
                .badRequest,
                "Illegal subnetpool association: subnetpool \(pool.id) cannot associate with address scope \(id) "
                    + "because subnetpool ip_version is not \(scope.ipVersion).",
                type: "IllegalSubnetPoolIpVersionAssociationToAddressScope")
        }
        guard try SubnetPoolQueries.neighbours(of: pool, db).isEmpty else { throw Self.otherScope }
        for other in try SubnetPoolQueries.pools(of: id, db) where other.id != pool.id {
            guard try !prefixes.overlaps(PrefixSet(other.cidrs(), version: other.ipVersion)) else {
                throw CloudError(
                    .conflict,
                    "Failed to associate address scope: subnetpools within an address scope must have unique prefixes.",
                    type: "AddressScopePrefixConflict")
            }
        }
    }
}

/// Address scopes.
extension NetworkingService {
    /// One that the caller may see: its own, or a shared one.
    func scope(_ id: AddressScopeID, _ caller: Caller, _ db: any Connection) throws -> AddressScope {
        guard let found = try db.find(AddressScope.self, key: .id(id)),
            caller.owns(found.projectID) || found.isShared
        else { throw AddressScope.notFound(id.text) }
        return found
    }

    /// All of them, or none.
    package func create(_ scopes: [AddressScope]) async throws -> [AddressScope] {
        try await change { db, _ in
            for scope in scopes { try db.insert(scope) }
            return scopes
        }
    }

    package func update(
        _ id: AddressScopeID, by caller: Caller, _ edit: @escaping @Sendable (inout AddressScope) throws -> Void
    ) async throws {
        try await change { db, _ in
            let old = try own(AddressScope.self, id, caller, db)
            var changed = old
            try edit(&changed)
            guard changed.isShared || !old.isShared else {
                throw CloudError(
                    .badRequest, "Unable to update address scope \(id) : Shared address scope can't be unshared.",
                    type: "AddressScopeUpdateError")
            }
            try db.update(changed)
        }
    }

    package func deleteAddressScope(_ id: AddressScopeID, by caller: Caller) async throws {
        try await change { db, _ in
            _ = try own(AddressScope.self, id, caller, db)
            guard try SubnetPoolQueries.pools(of: id, db).isEmpty else {
                throw CloudError(
                    .conflict,
                    "Unable to complete operation on address scope \(id). There are one or more subnet pools in use on "
                        + "the address scope.", type: "AddressScopeInUse")
            }
            try db.delete(AddressScope.self, key: .id(id))
        }
    }
}
