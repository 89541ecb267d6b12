#!/bin/bash
# QEMU 7.2: when the tap of a running machine is deleted (`ip link del`), QEMU tells nobody, and from then on its main loop
# takes a whole core: the descriptor polls as an error for ever, each read fails, and nothing closes it. No event comes on
# QMP, `info network` stays as it was, and a tap of the same name that is made anew is not taken, although the name is all
# that anybody sees. What tells is the kernel: the new tap has no carrier.
#
# Tried with QEMU 7.2.22 (Debian 12) on Linux 6.18. Expected: an event, or a closed descriptor. Seen: "network: the same,
# events: none, new tap's carrier: 0, main loop: idle before, busy after".
#
# Ends with 1 when something else is seen. Needs root, python3, iproute2 and qemu-system-x86; works in a temporary folder,
# with a machine without a processor and a tap of its own.
set -euo pipefail

work=$(mktemp -d)
tap=find$$
cleanup() {
    [[ ! -f $work/pid ]] || kill "$(cat "$work/pid")" 2>/dev/null || true
    ip link del "$tap" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
make_tap() { ip tuntap add dev "$tap" mode tap && ip link set "$tap" up; }

make_tap
qemu-system-x86_64 -machine none -display none -daemonize -pidfile "$work/pid" -qmp "unix:$work/qmp,server,nowait" \
    -netdev "tap,id=t0,ifname=$tap,script=no,downscript=no" -netdev user,id=u0 \
    -netdev hubport,id=h0,hubid=0,netdev=t0 -netdev hubport,id=h1,hubid=0,netdev=u0
cat > "$work/look.py" << 'LOOK'
import json, os, socket, subprocess, sys, time

folder, tap = sys.argv[1:]
pid = open(f"{folder}/pid").read().strip()
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(f"{folder}/qmp")
lines = monitor.makefile("rw")
events = []


def ask(command, **arguments):
    lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    lines.flush()
    while True:
        answer = json.loads(lines.readline())
        if "event" not in answer:
            return answer
        events.append(answer["event"])


def share():
    def ticks():
        words = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        return int(words[11]) + int(words[12])
    before, began = ticks(), time.monotonic()
    time.sleep(3)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)


def network():
    return ask("human-monitor-command", **{"command-line": "info network"})["return"]


lines.readline()
version = ask("qmp_capabilities") and ask("query-version")["return"]["qemu"]
told, idle = network(), share()
for command in (f"link del {tap}", f"tuntap add dev {tap} mode tap", f"link set {tap} up"):
    subprocess.run(["ip", *command.split()], check=True)
busy, told_after = share(), network()
with open(f"/sys/class/net/{tap}/carrier") as file:
    carrier = file.read().strip()
print(f"QEMU {version['major']}.{version['minor']}.{version['micro']}: "
      f"network: {'the same' if told == told_after else told_after}, events: {', '.join(events) or 'none'}, "
      f"new tap's carrier: {carrier}, main loop: {'idle' if idle < 0.05 else idle} before, "
      f"{'busy' if busy > 0.2 else busy} after")
LOOK
seen=$(python3 "$work/look.py" "$work" "$tap")
echo "seen:     $seen"
expected="network: the same, events: none, new tap's carrier: 0, main loop: idle before, busy after"
echo "expected: QEMU 7.2.22: $expected"
[[ $seen == *": $expected" ]]
