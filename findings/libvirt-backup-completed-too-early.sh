#!/bin/bash
# libvirt 9.0: a push backup is said to have ended before its file is whole. When the event job-completed comes, and
# `domjobinfo` says that there is no job, QEMU still has the target open for writing: libvirt closes it afterwards, and only
# then QEMU writes the last tables of the qcow2. Whoever copies the file at the event may get one in which clusters that were
# copied read as zeros, and which `qemu-img check` calls right. What tells is QEMU's own lock on the file: `qemu-img info`
# without -U is refused until it is closed.
#
# Tried with libvirt 9.0.0 and QEMU 7.2.22 (Debian 12). Expected: "open at the event: 0 of 20". Seen: 11 of 20, on a
# machine of two cores.
#
# Ends with 1 when the file is closed at each event. Needs root, a running libvirtd, virsh, qemu-img and python3; works in a
# folder of its own under /var/tmp, with a machine that has no operating system and runs without KVM.
set -euo pipefail

work=$(mktemp -d -p /var/tmp)
chmod 711 "$work"
domain=finding-$$
cleanup() {
    virsh -q -c qemu:///system destroy "$domain" 2> /dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

# Data in many places, so that the copy has many tables.
qemu-img create -q -f qcow2 "$work/disk.qcow2" 64G
for place in $(seq 0 120); do echo "write -q -P 1 $((place * 512))M 64k"; done | qemu-io -f qcow2 "$work/disk.qcow2" > /dev/null
cat > "$work/domain.xml" << XML
<domain type='qemu'><name>$domain</name><memory unit='MiB'>64</memory><os><type machine='q35'>hvm</type></os>
<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$work/disk.qcow2'/>
<target dev='vda' bus='virtio'/></disk></devices></domain>
XML
virsh -q -c qemu:///system create "$work/domain.xml"
cat > "$work/look.py" << 'LOOK'
import subprocess, sys

folder, domain, rounds = sys.argv[1], sys.argv[2], 20
virsh = ["virsh", "-q", "-c", "qemu:///system"]
events = subprocess.Popen([*virsh, "event", "--loop", "--event", "job-completed", domain], stdout=subprocess.PIPE)
still_open = 0
for number in range(rounds):
    path = f"{folder}/copy-{number}.qcow2"
    with open(f"{folder}/backup.xml", "w") as file:
        file.write(f"<domainbackup mode='push'><disks><disk name='vda' backup='yes' type='file'><driver type='qcow2'/>"
                   f"<target file='{path}'/></disk></disks></domainbackup>")
    subprocess.run([*virsh, "backup-begin", domain, f"{folder}/backup.xml"], check=True, stdout=subprocess.DEVNULL)
    while b"job-completed" not in events.stdout.readline():
        pass
    if b"lock" in subprocess.run(["qemu-img", "info", path], capture_output=True).stderr:
        still_open += 1
events.kill()
print(f"open at the event: {still_open} of {rounds}")
sys.exit(0 if still_open else 1)
LOOK
virsh -q -c qemu:///system version --daemon | tail -n 2
python3 "$work/look.py" "$work" "$domain"
