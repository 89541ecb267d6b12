#!/usr/bin/env python3
"""Cuts the power of a machine in the midst of a burst of requests, again and again, and looks for what is lost.

The machine is a QEMU guest that scripts/power-cuts has made. A cut is SIGKILL: what the guest has given to its disk is
in the page cache of this machine, and what it has not is gone with its memory. Each acknowledged server and image must
be there after the next start, with every byte, and nothing whose delete was acknowledged.

    scripts/power-cuts --cuts 50
    scripts/power-cuts --cuts 5 --control log      syncs of SQLite's log do nothing: ends well when something is lost
    scripts/power-cuts --cuts 5 --control files    likewise with syncs of images
"""

import argparse
import hashlib
import http.client
import json
import pathlib
import random
import re
import socket
import subprocess
import sys
import threading
import time
import uuid

START_SECONDS = 120
SETTLE_SECONDS = 60
LARGEST_IMAGE = 1 << 20


class Failed(Exception):
    """The machine or the cloud does not do its part."""


class Refused(Exception):
    """An answer that is no acknowledgement."""


class Machine:
    """A guest with a disk that outlives it."""

    def __init__(self, guest, disk, console, control):
        self.guest, self.disk, self.console, self.control = guest, disk, console, control
        self.port = None
        self.process = None

    def start(self):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        control = f" CONTROL={self.control}" if self.control else ""
        self.process = subprocess.Popen([
            "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-smp", "2",
            "-m", "2048", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", f"{self.guest}/vmlinuz", "-initrd", f"{self.guest}/initrd",
            "-append", f"console=ttyS0 quiet net.ifnames=0 panic=-1 mitigations=off{control}",
            "-serial", f"file:{self.console}",
            "-drive", f"file={self.guest}/root.img,format=raw,if=virtio,readonly=on",
            "-drive", f"file={self.disk},format=raw,if=virtio,cache=writeback",
            "-netdev", f"user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-10.0.2.15:8774",
            "-device", "virtio-net-pci,netdev=n,romfile=", "-device", "virtio-rng-pci"], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.console.read_text(errors="replace")[-2000:]
                self.cut()
                raise Failed(f"the cloud did not come up; the console ends with:\n{tail}")
            time.sleep(0.1)

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/identity/v3")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def password(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = re.search(r"password: (\S+)\r?\n", self.console.read_text(errors="replace"))
            if found:
                return found.group(1)
            time.sleep(0.1)
        raise Failed("the console does not tell the password")

    def cut(self):
        if self.process:
            self.process.kill()
            self.process.wait()


class Client:
    """One keep-alive connection."""

    def __init__(self, port, token=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.token = token

    def call(self, method, path, body=None, kind="application/json"):
        headers = {"X-Auth-Token": self.token} if self.token else {}
        if body is not None:
            headers["Content-Type"] = kind
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {content[:200]!r}")
        return answer, content

    def log_in(self, password):
        user = {"name": "admin", "domain": {"id": "default"}, "password": password}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        self.token = self.call("POST", "/identity/v3/auth/tokens", body)[0].getheader("X-Subject-Token")
        return self.token

    def pages(self, path, key):
        """Every item of a list, by id."""
        found, marker = {}, ""
        while True:
            items = json.loads(self.call("GET", f"{path}?limit=500{marker}")[1])[key]
            found.update((item["id"], item) for item in items)
            if len(items) < 500:
                return found
            marker = f"&marker={items[-1]['id']}"


class Image:
    def __init__(self, seed):
        generator = random.Random(seed)
        self.bytes = generator.randbytes(generator.randint(1, LARGEST_IMAGE))
        self.digest = hashlib.sha256(self.bytes).hexdigest()
        self.is_uploaded = False

    def forget_bytes(self):
        self.bytes = b""


class Ledger:
    """What the cloud has acknowledged. What was asked for and not answered may be so or not, and stands nowhere."""

    def __init__(self):
        self.lock = threading.Lock()
        self.there = {"server": {}, "image": {}}
        self.gone = {"server": set(), "image": set()}
        # Images whose create or upload was sent: an active one must have these bytes, acknowledged or not.
        self.sent = {}
        self.counts = {"servers": 0, "images": 0, "uploads": 0, "deletes": 0}
        self.refusals = []

    def made(self, noun, identifier, thing=None):
        with self.lock:
            self.there[noun][identifier] = thing
            self.counts[noun + "s"] += 1

    def uploaded(self, image):
        with self.lock:
            image.is_uploaded = True
            self.counts["uploads"] += 1

    def take(self, noun):
        """One to delete: from now on nobody knows whether it is there."""
        with self.lock:
            usable = [key for key, thing in self.there[noun].items() if noun == "server" or thing.is_uploaded]
            if not usable:
                return None
            chosen = random.choice(usable)
            del self.there[noun][chosen]
            return chosen

    def deleted(self, noun, identifier):
        with self.lock:
            self.gone[noun].add(identifier)
            self.counts["deletes"] += 1

    def everything(self):
        return [f"{noun} {key}" for noun, things in self.there.items() for key in things]

    def refused(self, error):
        with self.lock:
            self.refusals.append(str(error))


class Worker(threading.Thread):
    """Sends requests over one connection until the machine is gone."""

    def __init__(self, client, ledger, shape):
        super().__init__(daemon=True)
        self.client, self.ledger, self.shape = client, ledger, shape

    def run(self):
        ways = [self.boot, self.upload, lambda: self.delete("server"), lambda: self.delete("image")]
        while True:
            try:
                random.choices(ways, weights=[50, 25, 18, 7])[0]()
            except Refused as error:
                self.ledger.refused(error)
            except (OSError, http.client.HTTPException):
                return

    def boot(self):
        body = {"server": {"name": f"s-{uuid.uuid4()}", **self.shape}}
        _, content = self.client.call("POST", "/compute/v2.1/servers", body)
        self.ledger.made("server", json.loads(content)["server"]["id"])

    def upload(self):
        identifier = str(uuid.uuid4())
        image = Image(identifier)
        self.ledger.sent[identifier] = image
        body = {"id": identifier, "name": identifier, "disk_format": "raw", "container_format": "bare"}
        self.client.call("POST", "/image/v2/images", body)
        self.ledger.made("image", identifier, image)
        path = f"/image/v2/images/{identifier}/file"
        self.client.call("PUT", path, image.bytes, "application/octet-stream")
        self.ledger.uploaded(image)
        image.forget_bytes()

    def delete(self, noun):
        identifier = self.ledger.take(noun)
        if identifier:
            path = "/compute/v2.1/servers" if noun == "server" else "/image/v2/images"
            self.client.call("DELETE", f"{path}/{identifier}")
            self.ledger.deleted(noun, identifier)


def verify(client, ledger):
    """What was acknowledged and is not so, one text each."""
    lost = []
    servers = client.pages("/compute/v2.1/servers", "servers")
    images = client.pages("/image/v2/images", "images")
    lost += [f"server {key} is not there" for key in ledger.there["server"] if key not in servers]
    for key, image in ledger.there["image"].items():
        if key not in images:
            lost.append(f"image {key} is not there")
        elif image.is_uploaded and images[key]["status"] != "active":
            lost.append(f"image {key} is {images[key]['status']}, and its upload was acknowledged")
    for key, image in ledger.sent.items():
        if key in images and images[key]["status"] == "active":
            try:
                content = client.call("GET", f"/image/v2/images/{key}/file")[1]
            except (Refused, OSError, http.client.HTTPException) as error:
                lost.append(f"image {key} is active and cannot be read: {error}")
                client.connection.close()
                continue
            if hashlib.sha256(content).hexdigest() != image.digest:
                lost.append(f"image {key} is active and its {len(content)} bytes are others")
    lost += [f"image {key} is back" for key in ledger.gone["image"] if key in images]
    # A delete that was accepted may take the cloud a moment.
    deadline = time.monotonic() + SETTLE_SECONDS
    while back := ledger.gone["server"] & set(servers):
        if time.monotonic() > deadline:
            return lost + [f"server {key} is back" for key in back]
        time.sleep(0.2)
        servers = client.pages("/compute/v2.1/servers", "servers")
    return lost


def shape_of_servers(client):
    """What each server is made of; its image is made anew for each disk."""
    identifier = str(uuid.uuid4())
    body = {"id": identifier, "name": "base", "disk_format": "raw", "container_format": "bare"}
    client.call("POST", "/image/v2/images", body)
    client.call("PUT", f"/image/v2/images/{identifier}/file", b"\0" * 65536, "application/octet-stream")
    networks = json.loads(client.call("GET", "/network/v2.0/networks?name=default")[1])["networks"]
    return {"imageRef": identifier, "flavorRef": "42", "networks": [{"uuid": networks[0]["id"]}]}


class Disk:
    """The life of one disk through several cuts."""

    def __init__(self, options, folder):
        self.options = options
        path = folder / "data.img"
        path.unlink(missing_ok=True)
        with open(path, "wb") as file:
            file.truncate(2 << 30)
        subprocess.run(
            ["mke2fs", "-q", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", path], check=True)
        self.machine = Machine(options.guest, path, folder / "console.log", options.control)
        self.ledger = Ledger()
        self.token = self.password = self.shape = None

    def burst(self):
        """Starts the machine when it is off, sends requests, and cuts the power in their midst."""
        before = dict(self.ledger.counts)
        if self.token is None:
            self.machine.start()
            self.password = self.machine.password()
            client = Client(self.machine.port)
            self.token = client.log_in(self.password)
            self.shape = shape_of_servers(client)
        workers = [
            Worker(Client(self.machine.port, self.token), self.ledger, self.shape) for _ in range(self.options.threads)]
        for worker in workers:
            worker.start()
        time.sleep(random.uniform(0.3, self.options.seconds))
        self.machine.cut()
        for worker in workers:
            worker.join()
        return {noun: self.ledger.counts[noun] - before[noun] for noun in before}

    def restart(self):
        """Starts the machine again; what is lost, one text each."""
        self.machine.start()
        password = self.machine.password()
        lost = [] if password == self.password else ["the administrator's password is another"]
        client = Client(self.machine.port, self.token)
        try:
            client.call("GET", "/compute/v2.1/servers?limit=1")
        except Refused:
            lost.append("the key of tokens is another")
            client.log_in(password)
        return lost + verify(client, self.ledger)


def run(options, folder):
    totals, lost_total, cut = {}, 0, 0
    disk = None
    try:
        while cut < options.cuts:
            if cut % options.disk_cuts == 0:
                if disk:
                    disk.machine.cut()
                disk = Disk(options, folder)
            cut += 1
            counts = disk.burst()
            began = time.monotonic()
            try:
                lost = disk.restart()
            except (Failed, Refused) as error:
                lost = [f"everything: {error}"] + disk.ledger.everything()
            took = time.monotonic() - began
            for noun, count in counts.items():
                totals[noun] = totals.get(noun, 0) + count
            lost_total += len(lost)
            print(f"cut {cut}: {text(counts)} acknowledged; {len(lost)} lost; start and look {took:.1f} s", flush=True)
            for one in lost[:5]:
                print(f"    {one}", flush=True)
            for refusal in disk.ledger.refusals[:3]:
                print(f"    refused: {refusal}", flush=True)
            disk.ledger.refusals.clear()
            if lost:
                disk.machine.cut()
                disk = Disk(options, folder)
    finally:
        if disk:
            disk.machine.cut()
    print(f"{options.cuts} cuts: {text(totals)} acknowledged; {lost_total} lost")
    return lost_total


def text(counts):
    return ", ".join(f"{count} {noun}" for noun, count in counts.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--guest", type=pathlib.Path, required=True)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--disk-cuts", type=int, default=10, help="cuts after which a new disk begins")
    parser.add_argument("--threads", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4, help="the longest burst")
    parser.add_argument("--control", choices=["log", "files"], help="whose syncs do nothing")
    options = parser.parse_args()
    lost = run(options, options.guest)
    if options.control and not lost:
        sys.exit("The control lost nothing: these cuts prove nothing.")
    if lost and not options.control:
        sys.exit(1)


if __name__ == "__main__":
    main()
