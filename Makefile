# Needs Go and make; "make test" installs or names whatever else it needs.

GO       ?= go
FUZZTIME ?= 60s
TARGETS   = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
UNIT      = $$($(GO) list ./... | grep -v /integration)

.PHONY: build console demo test unit integration soak lint fuzz bench microbench clean dist

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o osslive ./cmd/osslive

# The same with a player in the console for browsers that have no HLS of their own,
# such as Firefox: hls.js, by npm.
console:
	server/console/hlsjs/fetch.sh
	$(MAKE) build

# A server, a channel, a picture that moves: open the address it prints.
demo: build
	./osslive demo

# Everything, on a fresh clone. Two cores are enough: packages run one after the other.
# OSSLIVE_REQUIRE_TOOLS: a missing tool is a failure here, and a skip in a plain "go test ./...".
test integration: export OSSLIVE_REQUIRE_TOOLS = 1
test:
	integration/install.sh
	$(GO) vet ./...
	$(MAKE) unit
	$(MAKE) integration

# The race detector allocates and takes its own time: what must not allocate, and what must not tell by its time, runs without it.
unit:
	$(GO) test -race -p 1 $(UNIT)
	$(GO) test -count 1 -run 'Alloc|Timing' $(UNIT)

integration:
	$(GO) test -p 1 -parallel 4 -count 1 -timeout 35m -v ./integration/...

# One object of 5 GiB, lists of 1,000,000 keys, hostile clients in the thousands, 27 hours of one
# stream, a million timed refusals of each kind of signature: Linux, 11 GiB of disk, twenty minutes.
soak:
	OSSLIVE_SOAK=1 $(GO) test -p 1 -count 1 -timeout 2h -v -run '^Test(Hostile|Growth|OnePublisher|PlaylistsAreComplete|RandomStreams|Timelines|LongStream)' ./...
	OSSLIVE_LARGE_BYTES=5368709120 OSSLIVE_KEYS=1000000 \
		$(GO) test -count 1 -timeout 2h -v -run '^(TestLargeObject|TestManyKeys)$$' ./integration
	$(GO) test -count 1 -timeout 2h -v -run '^TestVerifyTiming$$' ./auth -timing 500000

lint:
	@files=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$files" || { echo "gofmt needed: $$files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=.ci/tools/go.mod staticcheck ./...
	@for t in $(TARGETS); do echo "build $$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -o /dev/null ./cmd/osslive || exit 1; \
		GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) vet $(UNIT) || exit 1; done

# Every Fuzz target of every package for FUZZTIME, a time or, like 10000000x, a number of executions; the first
# finding stops it. Then what they reach of the code.
fuzz:
	@for pkg in $(UNIT); do \
		tests=$$($(GO) test -list '^Fuzz' $$pkg) || { echo "$$tests"; exit 1; }; \
		for target in $$(echo "$$tests" | grep '^Fuzz'); do \
			echo "fuzz $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x -parallel 2 $$pkg || exit 1; \
		done; \
	done
	integration/fuzzcover.sh

# The figures of the README's "How fast", beside their targets: a quarter of an hour on a machine with nothing else to do. Linux, ffmpeg.
# ARGS="-rounds 1 -only 'flat out'" measures less; go run ./integration/bench -help lists more.
bench: build
	@mkdir -p .tools/bin
	$(GO) build -o .tools/bin/bench ./integration/bench
	.tools/bin/bench $(ARGS)

# The Go benchmarks of single packages.
microbench:
	$(GO) test -run '^$$' -bench . -benchmem $(UNIT)

clean:
	rm -rf osslive osslive.exe dist .tools server/console/static/hls.js

# Archives with licences, SBOMs and checksums of a release in dist, for all systems; each binary is built
# in two folders and compared. ARGS="-targets linux/amd64" makes fewer.
dist:
	server/console/hlsjs/fetch.sh
	cd .ci/dist && $(GO) build -o ../../.tools/bin/dist .
	.tools/bin/dist $(ARGS)
