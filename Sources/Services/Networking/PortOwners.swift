import Model

/// What `device_owner` says of a port: one that begins with `network:` is the cloud's own.
enum PortOwners {
    /// Made and taken away through routers and floating IPs only.
    static let ofRouters: Set = ["network:router_interface", "network:router_gateway", "network:floatingip"]

    /// The cloud's own ports work wherever their network does; others where they are bound.
    static func status(owner: String, host: String) -> String {
        owner == "network:router_interface" || owner == "network:router_gateway" || !host.isEmpty ? "ACTIVE" : "DOWN"
    }

    /// The ports that serve DHCP are free of charge.
    static func countsInQuota(_ owner: String) -> Bool { owner != "network:dhcp" }

    /// Neutron's policy `create_port:device_owner`.
    static func check(_ owner: String, by caller: Caller) throws {
        guard !owner.hasPrefix("network:") || caller.isAdmin else {
            throw CloudError(.forbidden, "Ports with device owner '\(owner.prefix(64))' are the cloud's own.")
        }
    }

    /// A router's legs and the holders of floating IPs stay what and where they are: routers, floating IPs and hosts go
    /// by them. A port of the cloud's own changes its device for administrators only.
    static func check(
        _ port: Port, _ addresses: [PortRequest.Address]?, against old: Port, by caller: Caller
    ) throws {
        let moves = port.deviceID != old.deviceID || port.deviceOwner != old.deviceOwner
        let wanted = addresses.map { Set($0.map { $0.ipAddress.flatMap { IPAddress($0) } }) }
        let held = Set(try old.fixedIPs.value().map { IPAddress($0.ipAddress) })
        if ofRouters.contains(old.deviceOwner), moves || (wanted ?? held) != held {
            throw CloudError(
                .conflict,
                "Port \(old.id) has device owner \(old.deviceOwner): its device and addresses change with the router "
                    + "or floating IP \(old.deviceID) only.")
        }
        guard moves else { return }
        try check(old.deviceOwner, by: caller)
        if port.deviceOwner != old.deviceOwner { try check(port.deviceOwner, by: caller) }
    }
}
