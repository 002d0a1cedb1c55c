# Needs Go and make; "make test" installs or names whatever else it needs.

GO       ?= go
FUZZTIME ?= 60s
TARGETS   = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
TOOL      = $(GO) tool -modfile=.ci/tools/go.mod

.PHONY: help build console demo check hooks test unit integration soak lint cross vuln fuzz bench bench-compare microbench dist clean

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

build: ## the binary ./osslive
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o osslive ./cmd/osslive

# hls.js, by npm, for browsers that have no HLS of their own, such as Firefox.
console: ## the same, with a player in the console for every browser
	server/console/hlsjs/fetch.sh
	$(MAKE) build

demo: build ## a server, a channel, a picture that moves: open the address it prints
	./osslive demo

check: ## lint and the unit tests, in about two minutes: before each commit
	$(MAKE) lint
	$(GO) test -short -p 2 ./...

hooks: ## git checks gofmt, go vet and the subject of each commit
	git config core.hooksPath .ci/hooks

# OSSLIVE_REQUIRE_TOOLS: a missing tool is a failure here, and a skip in a plain "go test ./...".
# Two cores are enough: packages run one after the other.
test integration: export OSSLIVE_REQUIRE_TOOLS = 1
test: ## everything, on a fresh clone: a quarter of an hour
	integration/install.sh
	$(GO) vet ./...
	$(MAKE) unit
	$(MAKE) integration

# The race detector allocates and takes its own time: what must not allocate, and what must not tell by its time, runs without it.
unit: ## the tests that need Go alone, with the race detector
	$(GO) test -race -p 1 ./...
	$(GO) test -count 1 -run 'Alloc|Timing' ./...

integration: ## the built binary, driven by real tools
	cd integration/readers && $(GO) test -count 1 ./...
	cd integration && $(GO) test -p 1 -parallel 4 -count 1 -timeout 35m -v ./...

# One object of 5 GiB, lists of 1,000,000 keys, hostile clients in the thousands, 27 hours of one
# stream, a million timed refusals of each kind of signature: Linux, 11 GiB of disk, twenty minutes.
soak: export OSSLIVE_SOAK = 1
soak: ## hours and millions in twenty minutes
	$(GO) test -p 1 -count 1 -timeout 2h -v -run '^Test(Hostile|Growth|OnePublisher|PlaylistsAreComplete|RandomStreams|Timelines|LongStream)' ./...
	cd integration && $(GO) test -p 1 -count 1 -timeout 2h -v -run '^Test(Hostile|Growth|OnePublisher|PlaylistsAreComplete|RandomStreams|Timelines|LongStream)' ./...
	cd integration && OSSLIVE_LARGE_BYTES=5368709120 OSSLIVE_KEYS=1000000 \
		$(GO) test -count 1 -timeout 2h -v -run '^(TestLargeObject|TestManyKeys)$$' .
	$(GO) test -count 1 -timeout 2h -v -run '^TestVerifyTiming$$' ./auth -timing 500000

lint: ## gofmt, vet, staticcheck, errcheck, errorlint
	@files=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$files" || { echo "gofmt needed: $$files"; exit 1; }
	$(GO) vet ./...
	cd integration && $(GO) vet ./...
	cd integration/readers && $(GO) vet ./...
	cd .ci/dist && $(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) errcheck -ignoretests -exclude .ci/tools/errcheck.txt ./...
	$(TOOL) go-errorlint -test=false $$($(GO) list ./... | grep -v /storetest)

cross: ## compiles for every system that has a release
	@for t in $(TARGETS); do echo "build $$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -o /dev/null ./cmd/osslive || exit 1; \
		GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) vet ./... || exit 1; done

vuln: ## known vulnerabilities, where their database can be reached
	@$(TOOL) govulncheck ./... > .vuln.log 2>&1; status=$$?; \
		if grep -q 'dial tcp\|no such host\|fetching vulnerabilities' .vuln.log; then echo "skipped: the database of vulnerabilities cannot be reached"; status=0; \
		else cat .vuln.log; fi; rm -f .vuln.log; exit $$status

# Every Fuzz target of every package for FUZZTIME, a time or, like 10000000x, a number of executions; the first
# finding stops it. Then what they reach of the code.
fuzz: ## every fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
		tests=$$($(GO) test -list '^Fuzz' $$pkg) || { echo "$$tests"; exit 1; }; \
		for target in $$(echo "$$tests" | grep '^Fuzz'); do \
			echo "fuzz $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x -parallel 2 $$pkg || exit 1; \
		done; \
	done
	integration/fuzzcover.sh

# On a machine with nothing else to do; Linux, ffmpeg. ARGS="-rounds 1 -only 'flat out'" measures less, ARGS=-help lists more.
bench: build .tools/bin/bench ## the figures of doc/performance.md; RECORD=1 appends them to integration/bench/history.jsonl
	.tools/bin/bench $(if $(RECORD),-record integration/bench/history.jsonl) $(ARGS)

# Interleaved: each round runs both binaries.
bench-compare: build .tools/bin/bench ## the ratio of each row to another commit: BASE=<commit>
	@test -n "$(BASE)" || { echo "name the commit to compare with: make bench-compare BASE=<commit>"; exit 2; }
	rm -rf .tools/base && git worktree prune && git worktree add -f --detach .tools/base $(BASE)
	cd .tools/base && CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o osslive ./cmd/osslive
	.tools/bin/bench -base .tools/base/osslive $(ARGS); status=$$?; git worktree remove --force .tools/base; exit $$status

.PHONY: .tools/bin/bench
.tools/bin/bench:
	@mkdir -p .tools/bin
	cd integration && $(GO) build -o ../.tools/bin/bench ./bench

microbench: ## the Go benchmarks of single packages
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Each binary is built in two folders and compared. ARGS="-targets linux/amd64" makes fewer.
dist: ## archives with licences, SBOMs and checksums, for every system
	server/console/hlsjs/fetch.sh
	@mkdir -p .tools/bin
	cd .ci/dist && $(GO) build -o ../../.tools/bin/dist .
	.tools/bin/dist $(ARGS)

clean: ## removes what the other targets make
	rm -rf osslive osslive.exe dist .tools server/console/static/hls.js
