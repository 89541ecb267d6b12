"""python-neutronclient, whose exceptions are made from NeutronError.type, as Nova and Heat use it."""
from neutronclient.common import exceptions as exc
from neutronclient.v2_0 import client
from common import check, refused, session


def main():
    neutron = client.Client(session=session())
    net = neutron.create_network({"network": {"name": "one", "tags": ["blue"]}})["network"]
    subnet = neutron.create_subnet({"subnet": {
        "network_id": net["id"], "ip_version": 4, "cidr": "10.5.0.0/24", "dns_nameservers": ["192.0.2.53"]}})["subnet"]
    port = neutron.create_port({"port": {"network_id": net["id"], "name": "p"}})["port"]
    check("tags", [n["id"] for n in neutron.list_networks(tags="blue")["networks"]], [net["id"]])
    check("fields", neutron.list_ports(network_id=net["id"], device_owner="", fields="id"),
          {"ports": [{"id": port["id"]}]})
    check("null clears", neutron.update_subnet(
        subnet["id"], {"subnet": {"dns_nameservers": None}})["subnet"]["dns_nameservers"], [])
    address = port["fixed_ips"][0]["ip_address"]
    taken = {"port": {"network_id": net["id"], "fixed_ips": [{"ip_address": address}]}}
    refused("address", exc.IpAddressAlreadyAllocatedClient, lambda: neutron.create_port(taken))
    mac = {"port": {"network_id": net["id"], "mac_address": port["mac_address"]}}
    refused("hardware address", exc.MacAddressInUseClient, lambda: neutron.create_port(mac))
    refused("network in use", exc.NetworkInUseClient, lambda: neutron.delete_network(net["id"]))
    external = neutron.list_networks(**{"router:external": True})["networks"][0]["id"]
    router = neutron.create_router({"router": {
        "name": "r", "external_gateway_info": {"network_id": external}}})["router"]
    leg = neutron.add_interface_router(router["id"], {"subnet_id": subnet["id"]})
    check("legs work", [p["status"] for p in neutron.list_ports(device_id=router["id"])["ports"]], ["ACTIVE"] * 2)
    floating = neutron.create_floatingip({"floatingip": {
        "floating_network_id": external, "port_id": port["id"]}})["floatingip"]
    check("port details", floating["port_details"]["name"], "p")
    pages = neutron.list_ports(retrieve_all=False, limit=1, sort_key="id", sort_dir="asc")
    found = [p["id"] for page in pages for p in page["ports"]]
    check("pages", found, sorted(found))
    scope = neutron.create_address_scope({"address_scope": {"name": "s", "ip_version": 4}})["address_scope"]
    pool = neutron.create_subnetpool({"subnetpool": {
        "name": "p", "prefixes": ["10.6.0.0/16"], "default_prefixlen": 26, "address_scope_id": scope["id"]}})["subnetpool"]
    pooled = neutron.create_network({"network": {}})["network"]
    taken = {"subnet": {"network_id": pooled["id"], "ip_version": 4, "subnetpool_id": pool["id"]}}
    check("prefix of a pool", neutron.create_subnet(taken)["subnet"]["cidr"], "10.6.0.0/26")
    check("scope of a network", neutron.show_network(pooled["id"])["network"]["ipv4_address_scope"], scope["id"])
    refused("scope in use", exc.Conflict, lambda: neutron.delete_address_scope(scope["id"]))
    neutron.delete_network(pooled["id"])
    neutron.delete_subnetpool(pool["id"])
    neutron.delete_address_scope(scope["id"])
    agents = neutron.list_agents(alive=True)["agents"]
    check("agents live", len(agents) > 0 and all(a["alive"] for a in agents), True)
    neutron.delete_floatingip(floating["id"])
    neutron.remove_interface_router(router["id"], {"subnet_id": subnet["id"], "port_id": leg["port_id"]})
    neutron.delete_router(router["id"])
    neutron.delete_port(port["id"])
    neutron.delete_network(net["id"])
    refused("gone", exc.NetworkNotFoundClient, lambda: neutron.show_network(net["id"]))
    refused("unknown filter", exc.BadRequest, lambda: neutron.list_ports(no_such="x"))


if __name__ == "__main__":
    main()
