"""python-glanceclient as Horizon and scripts use it."""
import io, os
import glanceclient
from glanceclient import exc
from common import check, refused, session


def main():
    glance = glanceclient.Client("2", session=session())
    content = os.urandom(100_000)
    image = glance.images.create(name="one", disk_format="raw", container_format="bare", os_version="12")
    glance.images.upload(image.id, io.BytesIO(content))
    check("uploaded", glance.images.get(image.id).status, "active")
    check("downloaded", b"".join(glance.images.data(image.id)), content)
    check("listed by property", [i.id for i in glance.images.list(filters={"os_version": "12"})], [image.id])
    check("not listed", list(glance.images.list(filters={"os_version": "13"})), [])
    glance.images.update(image.id, name="two", remove_props=["os_version"], os_distro="debian")
    shown = glance.images.get(image.id)
    check("updated", (shown.name, shown.os_distro, "os_version" in shown), ("two", "debian", False))
    glance.image_tags.update(image.id, "blue")
    check("listed by tag", [i.id for i in glance.images.list(filters={"tag": ["blue"]})], [image.id])
    names = [i.name for i in glance.images.list(sort="name:asc")]
    check("sorted", names, sorted(names))
    glance.images.update(image.id, visibility="shared")
    glance.image_members.create(image.id, "4f1d3a5200004000800000000000aaaa")
    check("members", [m.status for m in glance.image_members.list(image.id)], ["pending"])
    glance.image_members.delete(image.id, "4f1d3a5200004000800000000000aaaa")
    check("no members", list(glance.image_members.list(image.id)), [])
    glance.images.deactivate(image.id)
    check("deactivated", glance.images.get(image.id).status, "deactivated")
    glance.images.reactivate(image.id)
    namespaces = list(glance.metadefs_namespace.list(filters={"resource_types": ["OS::Glance::Image"]}))
    check("metadefs", len(namespaces) > 0, True)
    glance.metadefs_namespace.get(namespaces[0].namespace)
    check("ways of import", glance.images.get_import_info()["import-methods"]["value"], ["glance-direct"])
    staged = glance.images.create(name="staged", disk_format="raw", container_format="bare")
    glance.images.stage(staged.id, io.BytesIO(content))
    check("staged", glance.images.get(staged.id).status, "uploading")
    glance.images.image_import(staged.id, "glance-direct")
    check("imported", b"".join(glance.images.data(staged.id)), content)
    glance.images.delete(staged.id)
    glance.images.delete(image.id)
    refused("deleted", exc.HTTPNotFound, lambda: glance.images.get(image.id))
    refused("unknown", exc.HTTPNotFound, lambda: glance.images.get("none"))
    refused("reserved", exc.HTTPForbidden, lambda: glance.images.create(os_glance_x="y"))


if __name__ == "__main__":
    main()
