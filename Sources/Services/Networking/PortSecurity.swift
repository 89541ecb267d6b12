import Model

/// Who may send through a port: its security groups, and whom it may pretend to be.
enum PortSecurity {
    /// Groups and address pairs bind only where port security is on.
    static func check(_ isOn: Bool, groups: [SecurityGroupID], pairs: [AllowedAddressPair]) throws {
        guard !isOn else { return }
        if !groups.isEmpty {
            throw CloudError(
                .badRequest,
                "Port Security must be enabled and port must have an IP address in order to use security "
                    + "groups.", type: "PortSecurityAndIPRequiredForSecurityGroups")
        }
        if !pairs.isEmpty { throw pairsNeedIt }
    }

    private static var pairsNeedIt: CloudError {
        CloudError(
            .conflict, "Port Security must be enabled in order to have allowed address pairs on a port.",
            type: "AddressPairAndPortSecurityRequired")
    }

    /// Pairs without a hardware address have the port's own.
    static func completed(_ pairs: [AllowedAddressPair], mac: String) -> [AllowedAddressPair] {
        pairs.map {
            AllowedAddressPair(ipAddress: $0.ipAddress, macAddress: $0.macAddress.isEmpty ? mac : $0.macAddress)
        }
    }

    /// The port with the wishes of the draft, if they go together.
    static func applied(_ draft: PortDraft, to old: Port) throws -> Port {
        var port = draft.port
        if let mac = draft.macAddress { port.macAddress = mac }
        if let host = draft.bindingHost, host != old.bindingHost {
            port.bindingHost = host
            port.status = PortOwners.status(owner: port.deviceOwner, host: host)
        }
        if let isOn = draft.portSecurityEnabled { port.portSecurityEnabled = isOn }
        if let groups = draft.securityGroups { port.securityGroups = try JSONText(groups) }
        if let pairs = draft.allowedAddressPairs {
            port.allowedAddressPairs = try JSONText(completed(pairs, mac: port.macAddress))
        }
        guard !port.portSecurityEnabled else { return port }
        let groups = try port.securityGroups.value()
        if !groups.isEmpty, draft.securityGroups == nil {
            throw CloudError(
                .conflict,
                "Port has security group associated. Cannot disable port security or IP address until "
                    + "security group is removed.", type: "PortSecurityPortHasSecurityGroup")
        }
        try check(false, groups: groups, pairs: try port.allowedAddressPairs.value())
        return port
    }
}
