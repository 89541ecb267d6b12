"""apache-libcloud's drivers for compute and images."""
import os, sys

sys.path = [path for path in sys.path if not path.endswith("clients")]
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
from common import check, wait_until


def main():
    driver = get_driver(Provider.OPENSTACK)(
        os.environ["OS_USERNAME"], os.environ["OS_PASSWORD"], ex_tenant_name=os.environ["OS_PROJECT_NAME"],
        ex_force_auth_url=os.environ["OS_AUTH_URL"].removesuffix("/v3"), ex_force_auth_version="3.x_password",
        ex_force_service_region="RegionOne", ex_domain_name="Default", api_version="2.2")
    images = [image for image in driver.list_images() if image.name == "boot"]
    check("images", len(images), 1)
    sizes = [size for size in driver.list_sizes() if size.name == "m1.nano"]
    networks = [net for net in driver.ex_list_networks() if net.name == "default"]
    check("sizes and networks", (len(sizes), len(networks)), (1, 1))
    group = driver.ex_create_security_group("libcloud", "made by a test")
    node = driver.create_node(name="node", image=images[0], size=sizes[0], networks=networks)
    wait_until("the node runs", lambda: driver.ex_get_node_details(node.id).state == "running")
    check("nodes", [n.name for n in driver.list_nodes() if n.id == node.id], ["node"])
    check("ports", [p.extra["device_id"] for p in driver.ex_list_ports() if p.extra["device_id"] == node.id], [node.id])
    driver.reboot_node(node)
    wait_until("the node runs again", lambda: driver.ex_get_node_details(node.id).state == "running")
    driver.destroy_node(node)
    wait_until("the node is gone", lambda: all(n.id != node.id for n in driver.list_nodes()))
    driver.ex_delete_security_group(group)


if __name__ == "__main__":
    main()
