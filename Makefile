# Each target is one command that also works by hand.
.PHONY: help up down destroy check test test-unit conformance tempest fuzz power-cuts snapshot-deaths golden bench deb

help:
	@echo "up         from this machine to a cloud with a server that answers ssh"
	@echo "down       stops the cloud; guests, DHCP and rules stay"
	@echo "destroy    leaves the machine as it was"
	@echo "check      format, sizes, arrows, forbidden words, a build with declared imports only"
	@echo "test-unit  the unit tests: no root, no deaths of the process; minutes"
	@echo "test       all tests, also those that need root (NOVELLA_SKIP_HOST_TESTS=1 leaves them out)"
	@echo "conformance  other people's clients, Nova's schemas and Tempest; rewrites docs/conformance.md"
	@echo "tempest    Tempest against a simulated cloud; fails on what lists/expected-failures.txt does not name"
	@echo "fuzz       fifty thousand bad requests, and an audit after each thousand"
	@echo "power-cuts fifty losses of power in a guest of QEMU's; nothing acknowledged may be lost"
	@echo "snapshot-deaths  a hundred live snapshots while the guest agent, the host's process or the cloud is killed"
	@echo "bench      figures of the release build beside the limits of this machine"
	@echo "deb        a Debian package; scripts/test-deb installs and runs it in a fresh Debian"
	@echo "golden     rewrites docs/arrows.txt and Tests/Golden, and shows what changed"

up:
	@scripts/up

down:
	@scripts/down

destroy:
	@scripts/destroy

bench:
	swift build -c release --static-swift-stdlib --product novella
	swift build -c release --static-swift-stdlib --product bench-parts
	scripts/bench

check:
	scripts/check

# All tests at once would wait for each other's turns until their deadlines pass.
test-unit:
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=16 swift test

test: test-unit
	swift run crash-harness points
	swift run crash-harness points --deaths 2 --every 7
	swift run crash-harness takeover --every 8
	scripts/test-host
	BUILD=debug scripts/test-schemas --versions edges

conformance:
	swift build -c release --product novella
	scripts/test-clients
	OUT=.build/schemas scripts/test-schemas
	OUT=.build/tempest scripts/test-tempest
	scripts/write-conformance .build/schemas .build/tempest

tempest:
	scripts/test-tempest

fuzz:
	NOVELLA_FUZZ_SEEDS=50 swift test --filter FuzzTests

snapshot-deaths:
	swift build -c release --static-swift-stdlib --product novella
	NOVELLA_CACHE=.build/guest/packages scripts/build-guest-image .build/guest/cirros-novella-disk.qcow2
	scripts/snapshot-deaths --image .build/guest/cirros-novella-disk.qcow2 --snapshots 100

power-cuts:
	swift build -c release --static-swift-stdlib --product novella
	scripts/power-cuts --cuts 50
	scripts/power-cuts --cuts 5 --control log
	scripts/power-cuts --cuts 5 --control files

deb:
	@scripts/build-deb

golden:
	scripts/check-arrows --write || true
	NOVELLA_WRITE_GOLDEN=1 swift test --filter '[Gg]olden'
	git diff --stat -- docs/arrows.txt Tests/Golden
