# Each target is one command that also works by hand.
.PHONY: help check test golden

help:
	@echo "check    format, sizes, arrows, forbidden words, a build with declared imports only"
	@echo "test     unit tests, then the tests that need root (NOVELLA_SKIP_HOST_TESTS=1 leaves them out)"
	@echo "golden   rewrites docs/arrows.txt and Tests/Golden, and shows what changed"

check:
	scripts/check

test:
	swift test
	scripts/test-host

golden:
	scripts/check-arrows --write || true
	NOVELLA_WRITE_GOLDEN=1 swift test --filter '[Gg]olden'
	git diff --stat -- docs/arrows.txt Tests/Golden
