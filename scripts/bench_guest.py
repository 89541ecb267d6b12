"""The part of `bench` that boots real guests: the cloud, then libvirt with the same XML, then QEMU by hand."""
import json, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile, time, uuid
from bench_client import Client, boot, median, run, wait_active

REAL_PORT = 18991


def first_byte(log, begin):
    """Seconds from `begin` being called until the serial log holds something."""
    began = time.perf_counter()
    wanted = begin()
    path = pathlib.Path(log(wanted) if callable(log) else log)
    while not path.exists() or path.stat().st_size == 0:
        if time.perf_counter() - began > 120:
            sys.exit(f"{path} stays empty")
        time.sleep(0.001)
    return time.perf_counter() - began, wanted


def status_of(client, server):
    _, answer = client.call("GET", "/compute/v2.1/servers?limit=1000")
    if all(row["id"] != server for row in answer["servers"]):
        return None
    return client.call("GET", f"/compute/v2.1/servers/{server}")[1]["server"]["status"]


def wait_status(client, server, status):
    while status_of(client, server) != status:
        time.sleep(0.05)


def by_novella(client, servers, shape):
    took, server = first_byte(lambda id: servers / id / "console.log", lambda: boot(client, shape, "bench"))
    wait_active(client, server)
    client.call("DELETE", f"/compute/v2.1/servers/{server}")
    wait_status(client, server, None)
    return took


def by_virsh(servers, model, xml):
    """The same XML for a guest of another id, its overlay made beforehand."""
    id = str(uuid.uuid4())
    folder = servers / id
    folder.mkdir(mode=0o711)
    try:
        overlay(servers / model / "root.qcow2", folder / "root.qcow2")
        (folder / "domain.xml").write_text(xml.replace(model, id))
        took, _ = first_byte(
            folder / "console.log", lambda: run("virsh", "-c", "qemu:///system", "create", folder / "domain.xml"))
        run("virsh", "-c", "qemu:///system", "destroy", re.search("<name>(.*)</name>", xml)[1].replace(model, id))
        return took
    finally:
        shutil.rmtree(folder)


def by_hand(servers, model, xml):
    """QEMU itself with the same machine, processor, memory and disk, and no card."""
    with tempfile.TemporaryDirectory() as folder:
        disk, log = f"{folder}/root.qcow2", f"{folder}/console.log"
        overlay(servers / model / "root.qcow2", disk)
        accelerator = "kvm" if re.search("<domain type='kvm'", xml) else "tcg"
        processor = re.search("<model fallback[^>]*>(.*)</model>", xml)
        command = ["qemu-system-x86_64", "-no-user-config", "-nodefaults", "-display", "none", "-accel", accelerator,
                   "-machine", re.search("machine='([^']*)'", xml)[1], "-smp", "1",
                   "-cpu", processor[1] if processor else "host",
                   "-m", str(int(re.search("<memory unit='KiB'>(.*)</memory>", xml)[1]) // 1024),
                   "-drive", f"file={disk},format=qcow2,if=virtio", "-serial", f"file:{log}"]
        took, process = first_byte(log, lambda: subprocess.Popen(command))
        process.kill()
        process.wait()
        return took


def overlay(like, path):
    """A qcow2 of the same size over the same image."""
    facts = json.loads(run("qemu-img", "info", "-U", "--output=json", like))
    run("qemu-img", "create", "-f", "qcow2", "-F", "qcow2", "-b", facts["full-backing-filename"], path,
        str(facts["virtual-size"]))


def snapshot(client, server, name):
    """Takes one, waits until the server is idle again, and takes it away; returns how long it took and its image."""
    began = time.perf_counter()
    _, made = client.call("POST", f"/compute/v2.1/servers/{server}/action", {"createImage": {"name": name}},
                          {"OpenStack-API-Version": "compute 2.45"})
    while client.call("GET", f"/compute/v2.1/servers/{server}")[1]["server"]["OS-EXT-STS:task_state"]:
        time.sleep(0.01)
    took = time.perf_counter() - began
    _, image = client.call("GET", f"/image/v2/images/{made['image_id']}")
    client.call("DELETE", f"/image/v2/images/{image['id']}")
    if image["novella_snapshot_consistency"] != "filesystem":
        sys.exit(f"a snapshot is {image['novella_snapshot_consistency']}-consistent: "
                 f"{image.get('novella_snapshot_reason')}")
    return took, image


def upload(client, path, name, **properties):
    _, image = client.call("POST", "/image/v2/images", {
        "name": name, "disk_format": "qcow2", "container_format": "bare", **properties})
    run("curl", "-sf", "-X", "PUT", "-H", f"X-Auth-Token: {client.token}", "-H",
        "Content-Type: application/octet-stream", "-T", path,
        f"http://127.0.0.1:{REAL_PORT}/image/v2/images/{image['id']}/file")
    return image["id"]


def snapshots(client, state, shape, rows):
    """Of a guest that is idle, with a disk of which 1 GiB is used."""
    with tempfile.TemporaryDirectory(dir=state) as folder:
        disk, random = f"{folder}/full.qcow2", f"{folder}/random"
        shutil.copy(f"{state}/cirros-novella-disk.qcow2", disk)
        run("qemu-img", "resize", "-q", disk, "1280M")
        with open("/dev/urandom", "rb") as source, open(random, "wb") as target:
            target.write(source.read(1 << 30))
        run("qemu-io", "-f", "qcow2", "-c", f"write -q -s {random} 192M 1G", disk)
        image = upload(client, disk, "full", hw_qemu_guest_agent="yes")
        client.call("POST", "/compute/v2.1/flavors", {"flavor": {
            "name": "bench", "id": "bench", "vcpus": 1, "ram": 256, "disk": 2}})
        server = boot(client, {**shape, "imageRef": image, "flavorRef": "bench"}, "snapshots")
        wait_active(client, server)
        domain = next(name for name in run("virsh", "-c", "qemu:///system", "list", "--name").split() if server in name)
        while subprocess.run(["virsh", "-c", "qemu:///system", "qemu-agent-command", domain,
                              '{"execute": "guest-ping"}'], capture_output=True).returncode:
            time.sleep(0.5)
        root, copy = f"{state}/host/servers/{server}/root.qcow2", f"{folder}/copy.qcow2"

        def by_hand():
            began = time.perf_counter()
            run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "qcow2", root, copy)
            run("sync", copy)
            return time.perf_counter() - began

        def with_upload():
            began = time.perf_counter()
            run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "qcow2", root, copy)
            image = upload(client, copy, "by hand")
            took = time.perf_counter() - began
            client.call("DELETE", f"/image/v2/images/{image}")
            return took

        times, frozen = [], []
        for number in range(20):
            took, image = snapshot(client, server, "snapshot")
            frozen.append(int(image["novella_snapshot_frozen_ms"]))
            if number < 5:
                times.append(took)
        took, bare, uploaded = statistics.median(times), median(by_hand), median(with_upload)
        rows.append(("live snapshot of a disk of which 1 GiB is used", f"{took:.2f} s",
                     f"`qemu-img convert` of it, and its upload with curl, {uploaded:.2f} s", f"{took / uploaded:.2f}"))
        rows.append(("", "", f"`qemu-img convert` of it, and `sync`, {bare:.2f} s", f"{took / bare:.2f}"))
        rows.append(("the guest is frozen, from freeze sent to thaw returned, median and most of 20",
                     f"{statistics.median(frozen):.0f} ms, {max(frozen)} ms", "", ""))
        client.call("DELETE", f"/compute/v2.1/servers/{server}")
        wait_status(client, server, None)


def real(binary, rows):
    """A cloud of its own, from nothing and back to nothing."""
    state = "/var/lib/novella-bench"
    settings = {**os.environ, "STATE": state, "PORT": str(REAL_PORT), "NOVELLA": os.path.abspath(binary),
                "EXTERNAL_CIDR": "172.24.198.0/24", "DEFAULT_CIDR": "10.98.0.0/24"}
    run("scripts/destroy", env=settings)
    try:
        run("scripts/up", env=settings)
        client = Client(state, REAL_PORT).log_in()
        _, images = client.call("GET", "/image/v2/images?name=cirros-novella-disk")
        _, networks = client.call("GET", "/network/v2.0/networks?name=default")
        shape = {"imageRef": images["images"][0]["id"], "flavorRef": "42",
                 "networks": [{"uuid": networks["networks"][0]["id"]}]}
        model = client.call("GET", "/compute/v2.1/servers?name=first-server")[1]["servers"][0]["id"]
        client.call("POST", f"/compute/v2.1/servers/{model}/action", {"os-stop": None})
        wait_status(client, model, "SHUTOFF")
        servers = pathlib.Path(state) / "host" / "servers"
        domain = next(name for name in run("virsh", "-c", "qemu:///system", "list", "--all", "--name").split()
                      if model in name)
        xml = run("virsh", "-c", "qemu:///system", "dumpxml", "--inactive", domain)
        bare = median(lambda: by_hand(servers, model, xml))
        virsh = median(lambda: by_virsh(servers, model, xml))
        novella = median(lambda: by_novella(client, servers, shape))
        kind = re.search("<domain type='([^']*)'", xml)[1]
        rows.append((f"POST to the first serial byte of a real guest ({kind})", f"{novella * 1e3:.0f} ms",
                     f"`virsh create` of the same XML {virsh * 1e3:.0f} ms", f"{novella / virsh:.2f}"))
        rows.append(("", "", f"the same QEMU by hand {bare * 1e3:.0f} ms", f"{novella / bare:.2f}"))
        snapshots(client, state, shape, rows)
    finally:
        run("scripts/destroy", env=settings)
