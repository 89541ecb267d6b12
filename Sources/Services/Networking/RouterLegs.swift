package import Model
import Store

extension NetworkingService {
    /// Takes a router's leg away, named by its port, by its subnet, or by both where they belong together.
    package func removeInterface(
        router id: RouterID, subnet subnetID: SubnetID?, port portID: PortID?, by caller: Caller
    ) async throws -> Port {
        try await change { db, touch in
            let router = try own(Router.self, id, caller, db)
            let leg = try Self.leg(of: id, subnetID, portID, db)
            let left = try leg.fixedIPs.value().map(\.subnetID)
            try Self.refuseUsed(left, of: id, db)
            try RouterRoutes.refuseLost(through: left, of: router, db)
            try Self.remove(leg, &touch, db)
            return leg
        }
    }

    private static func leg(
        of id: RouterID, _ subnetID: SubnetID?, _ portID: PortID?, _ db: any Connection
    ) throws -> Port {
        let legs = try PortQueries.ports(ofDevice: id.text, db).filter { $0.deviceOwner == "network:router_interface" }
        if let portID {
            guard let leg = legs.first(where: { $0.id == portID }) else {
                throw CloudError(
                    .notFound, "Router \(id) does not have an interface with id \(portID)",
                    type: "RouterInterfaceNotFound")
            }
            guard try subnetID == nil || leg.fixedIPs.value().contains(where: { $0.subnetID == subnetID }) else {
                throw CloudError(
                    .conflict,
                    "Unable to complete operation for subnet \(subnetID?.text ?? ""). Port \(portID) has no "
                        + "address of it.", type: "SubnetMismatchForPort")
            }
            return leg
        }
        guard let leg = try legs.first(where: { try $0.fixedIPs.value().contains { $0.subnetID == subnetID } }) else {
            throw CloudError(
                .notFound, "Router \(id) has no interface on subnet \(subnetID?.text ?? "")",
                type: "RouterInterfaceNotFoundForSubnet")
        }
        return leg
    }

    private static func refuseUsed(_ subnets: [SubnetID], of id: RouterID, _ db: any Connection) throws {
        for floating in try FloatingIPQueries.floatingIPs(of: id, db) {
            let served = try floating.portID.flatMap { try db.find(Port.self, key: .id($0)) }
            let address = try served?.fixedIPs.value().first { $0.ipAddress == floating.fixedAddress }
            guard let address, subnets.contains(address.subnetID) else { continue }
            throw CloudError(
                .conflict,
                "Router interface for subnet \(address.subnetID) on router \(id) cannot be deleted, as it is "
                    + "required by one or more floating IPs.", type: "RouterInterfaceInUseByFloatingIP")
        }
    }
}

/// The routes of a router lead to machines that its legs reach.
enum RouterRoutes {
    static func check(_ routes: [SubnetRoute], of router: Router, _ db: any Connection) throws {
        let (cidrs, own) = try reach(of: router, db)
        for route in routes {
            guard let next = IPAddress(route.nexthop) else { continue }
            let reason: String
            if !cidrs.contains(where: { $0.contains(next) }) {
                reason = "the nexthop is not connected with router"
            } else if own.contains(next) {
                reason = "the nexthop is used by router"
            } else {
                continue
            }
            throw CloudError(
                .badRequest, "Invalid format for routes: \(route.destination) by \(route.nexthop), \(reason)",
                type: "InvalidRoutes")
        }
    }

    static func refuseLost(through subnets: [SubnetID], of router: Router, _ db: any Connection) throws {
        let hops = try router.routes.value().compactMap { IPAddress($0.nexthop) }
        guard !hops.isEmpty else { return }
        for id in subnets {
            guard let cidr = try db.find(Subnet.self, key: .id(id)).flatMap({ CIDR($0.cidr) }),
                hops.contains(where: { cidr.contains($0) })
            else { continue }
            throw CloudError(
                .conflict,
                "Router interface for subnet \(id) on router \(router.id) cannot be deleted, as it is "
                    + "required by one or more routes.", type: "RouterInterfaceInUseByRoute")
        }
    }

    private static func reach(of router: Router, _ db: any Connection) throws -> ([CIDR], Set<IPAddress>) {
        var cidrs: [CIDR] = []
        var own: Set<IPAddress> = []
        for leg in try PortQueries.ports(ofDevice: router.id.text, db)
        where PortOwners.ofRouters.contains(leg.deviceOwner) {
            for address in try leg.fixedIPs.value() {
                if let found = IPAddress(address.ipAddress) { own.insert(found) }
                if let cidr = try db.find(Subnet.self, key: .id(address.subnetID)).flatMap({ CIDR($0.cidr) }) {
                    cidrs.append(cidr)
                }
            }
        }
        return (cidrs, own)
    }
}
