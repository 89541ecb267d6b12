#!/bin/bash
# QEMU's guest agent 7.2: the list of a user's public keys is an error for a user who has no authorized_keys, though adding and
# removing keys of the same user work, and removing a key that is not there is no error. After the last key is removed the
# list is empty. libvirt's virDomainAuthorizedSSHKeysGet passes the error on, so that whoever wants to know which keys a guest
# lets in must tell "none yet" from a failure by a sentence in the agent's language.
#
# Tried with qemu-guest-agent 1:7.2+dfsg-7+deb12u18+b3 (Debian 12). Expected: "keys of a user without any: []". Seen: an error,
# "failed to read ...: No such file or directory".
#
# Ends with 1 when the list is no error. Needs apt-get, dpkg-deb and python3; installs nothing: the agent runs in a folder of
# its own, and its user is one of libnss-wrapper's.
set -euo pipefail

work=$(mktemp -d)
agent=
cleanup() {
    [ -z "$agent" ] || kill "$agent" 2> /dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work"
apt-get download -q 'qemu-guest-agent=1:7.2+dfsg-7+deb12u18+b3' 'libnss-wrapper=1.1.12-1' > download.log 2>&1 || {
    cat download.log >&2
    exit 2
}
for package in ./*.deb; do dpkg-deb -x "$package" root; done
mkdir home
printf 'root:x:0:0::/root:/bin/sh\nsomeone:x:%d:%d::%s:/bin/sh\n' "$(id -u)" "$(id -g)" "$work/home" > passwd
printf 'root:x:0:\n' > group
LD_PRELOAD=$work/root/usr/lib/x86_64-linux-gnu/libnss_wrapper.so NSS_WRAPPER_PASSWD=$work/passwd \
    NSS_WRAPPER_GROUP=$work/group root/usr/sbin/qemu-ga --method unix-listen --path "$work/agent.sock" \
    --statedir "$work" --pidfile "$work/pid" 2> agent.log &
agent=$!
for _ in $(seq 100); do
    [ ! -S agent.sock ] || break
    kill -0 "$agent"
    sleep 0.1
done
root/usr/sbin/qemu-ga --version
python3 - "$work" << 'ASK'
import json, os, socket, sys

line = socket.socket(socket.AF_UNIX)
line.connect(f"{sys.argv[1]}/agent.sock")
line = line.makefile("rw")


def ask(verb, **more):
    arguments = {"username": "someone", **more}
    line.write(json.dumps({"execute": f"guest-ssh-{verb}-authorized-keys", "arguments": arguments}) + "\n")
    line.flush()
    answer = json.loads(line.readline())
    return answer["return"] if "return" in answer else answer["error"]["desc"].replace(sys.argv[1], "")


key = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC someone"]
os.mkdir(f"{sys.argv[1]}/home/.ssh")
first = ask("get")
print("keys of a user without any:", first)
print("removing one that is not there:", ask("remove", keys=key))
print("adding one:", ask("add", keys=key), ask("get"))
print("removing it:", ask("remove", keys=key), ask("get"))
sys.exit(0 if isinstance(first, str) else 1)
ASK
