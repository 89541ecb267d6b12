package import Model

extension Network: Record {
    package static var table: String { "networks" }
    package static let columns = [
        "id", "project_id", "name", "description", "admin_state_up", "is_shared", "is_external", "is_default",
        "port_security_enabled", "mtu", "segmentation_id", "tags", "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), projectID: row.id(), name: row.text(), description: row.text(), adminStateUp: row.bool(),
            isShared: row.bool(), isExternal: row.bool(), isDefault: row.bool(), portSecurityEnabled: row.bool(),
            mtu: row.int(), segmentationID: row.int(), tags: row.json(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(projectID), .text(name), .text(description), .bool(adminStateUp), .bool(isShared),
            .bool(isExternal), .bool(isDefault), .bool(portSecurityEnabled), .int(mtu), .int(segmentationID),
            .text(tags.raw), .time(createdAt), .time(updatedAt),
        ]
    }
}

extension Subnet: Record {
    package static var table: String { "subnets" }
    package static let columns = [
        "id", "network_id", "project_id", "name", "description", "ip_version", "cidr", "gateway_ip", "enable_dhcp",
        "dns_nameservers", "host_routes", "allocation_pools", "ipv6_address_mode", "ipv6_ra_mode", "tags", "created_at",
        "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), networkID: row.id(), projectID: row.id(), name: row.text(), description: row.text(),
            ipVersion: row.int(), cidr: row.text(), gatewayIP: row.optionalText(), enableDHCP: row.bool(),
            dnsNameservers: row.json(), hostRoutes: row.json(), allocationPools: row.json(),
            ipv6AddressMode: row.optionalText(), ipv6RAMode: row.optionalText(), tags: row.json(),
            createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(networkID), .id(projectID), .text(name), .text(description), .int(ipVersion), .text(cidr),
            .text(gatewayIP), .bool(enableDHCP), .text(dnsNameservers.raw), .text(hostRoutes.raw),
            .text(allocationPools.raw), .text(ipv6AddressMode), .text(ipv6RAMode), .text(tags.raw), .time(createdAt),
            .time(updatedAt),
        ]
    }
}

extension Port: Record {
    package static var table: String { "ports" }
    package static let columns = [
        "id", "network_id", "project_id", "name", "description", "admin_state_up", "mac_address", "fixed_ips",
        "device_id", "device_owner", "security_groups", "port_security_enabled", "allowed_address_pairs",
        "binding_host", "binding_profile", "vnic_type", "status", "dns_name", "tags", "created_at", "updated_at",
    ]

    package init(row: inout RowReader) throws {
        self.init(
            id: row.id(), networkID: row.id(), projectID: row.id(), name: row.text(), description: row.text(),
            adminStateUp: row.bool(), macAddress: row.text(), fixedIPs: row.json(), deviceID: row.text(),
            deviceOwner: row.text(), securityGroups: row.json(), portSecurityEnabled: row.bool(),
            allowedAddressPairs: row.json(), bindingHost: row.text(), bindingProfile: row.text(), vnicType: row.text(),
            status: row.text(), dnsName: row.text(), tags: row.json(), createdAt: row.time(), updatedAt: row.time())
    }

    package var values: [SQLValue] {
        [
            .id(id), .id(networkID), .id(projectID), .text(name), .text(description), .bool(adminStateUp),
            .text(macAddress), .text(fixedIPs.raw), .text(deviceID), .text(deviceOwner), .text(securityGroups.raw),
            .bool(portSecurityEnabled), .text(allowedAddressPairs.raw), .text(bindingHost), .text(bindingProfile),
            .text(vnicType), .text(status), .text(dnsName), .text(tags.raw), .time(createdAt), .time(updatedAt),
        ]
    }
}
