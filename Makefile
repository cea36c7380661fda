# Everything a contributor runs. `make` alone lists the targets.
SHELL := /bin/bash
BIN := bin/gwctl
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 20s
# Rounds of bench-engine, and the time for each figure in each of them.
ROUNDS ?= 5
BENCHTIME ?= 200ms
# CI sets RACE=-race; plain `make test` needs nothing but Go.
RACE ?=

.PHONY: bench-proxy bench-flood help build run test e2e lint gen fuzz fuzz-path bench bench-engine bench-test test-engine-peers test-broken check

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

build: ## build bin/gwctl
	go build -buildvcs=auto -trimpath -o $(BIN) ./cmd/gwctl

run: build ## try it: a gateway with built-in issuer, echo service and the quickstart policies
	@exec $(BIN) serve --dev

test: ## unit, script and documentation tests; needs only Go
	go test $(RACE) ./...

# On Debian: apt-get install --no-install-recommends nginx-light caddy haproxy.
# Without them the tests that need one are skipped, with CI=true they fail.
e2e: build ## tests against a real OpenID provider, upstream and proxies; needs Node, npm, nginx, Caddy and HAProxy
	cd sidecar/e2e/provider && npm ci --no-audit --no-fund --ignore-scripts
	cd sidecar/e2e/schema && npm ci --no-audit --no-fund --ignore-scripts
	cd sidecar/e2e && GWCTL_BIN=$(CURDIR)/$(BIN) go test -count=1 -timeout 8m ./...

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	cd sidecar/e2e && go vet ./...
	go run $(STATICCHECK) ./...

gen: ## write the generated pages of docs/ anew
	go test ./cmd/gwctl/jsonschema -update
	go test ./cmd/gwctl -run 'TestGenerated|TestConsole' -update

fuzz: ## run every fuzz target for FUZZTIME (default 20s)
	@set -e; for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$pkg; \
	  done; done

# How many targets are made; some ten thousand a second on each core.
PATHS ?= 100000000

fuzz-path: ## compare the path authorised with the path sent for PATHS targets (default 100 million: hours)
	GWCTL_PATHS=$(PATHS) go test -count=1 -timeout 0 -v -run '^TestManyPaths$$' ./sidecar/attacks

bench: ## run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

# Each round is a process that measures every engine once. What was measured
# stays in bin/bench-engine.txt, the tables go to docs/performance.md.
bench-engine: ## measure the engine against other engines (20 min; needs modules from the network)
	@mkdir -p bin
	cd engine/peerbench && go test -c -o $(CURDIR)/bin/peerbench.test .
	cd engine/peerbench/cerbos && go test -c -o $(CURDIR)/bin/peerbench-cerbos.test .
	@set -eo pipefail; for round in $$(seq $(ROUNDS)); do \
	  echo "round $$round of $(ROUNDS)"; \
	  bin/peerbench.test -test.run '^$$' -test.bench 'Routes|Mix|Drive|Crowd|Load' -test.benchtime $(BENCHTIME); \
	  bin/peerbench-cerbos.test -test.run '^$$' -test.bench . -test.benchtime $(BENCHTIME); \
	  bin/peerbench.test -test.run '^$$' -test.bench Parallel -test.cpu 1,2 -test.benchtime $(BENCHTIME); \
	  bin/peerbench.test -test.run '^$$' -test.bench Reload -test.benchtime 3s; \
	done | tee bin/bench-engine.txt
	cd engine/peerbench && go run ./cmd/table -w $(CURDIR)/docs/performance.md $(CURDIR)/bin/bench-engine.txt

# opa and the cerbos of npm are fetched once, into bin/. Its program is run
# itself, without the script of npm that starts it.
bench-test: build ## measure policy test beside opa test and cerbos compile (needs Go modules and npm from the network)
	@mkdir -p bin/bench-test
	GOBIN=$(CURDIR)/bin/bench-test go install github.com/open-policy-agent/opa@v1.22.2
	npm install --prefix bin/bench-test/npm --no-audit --no-fund cerbos@0.51.0
	cd engine/peerbench && go build -o $(CURDIR)/bin/bench-test/suites ./cmd/suites
	bin/bench-test/suites -dir bin/bench-test/sets -rounds $(ROUNDS) -gwctl $(BIN) -opa bin/bench-test/opa -cerbos "$$(ls bin/bench-test/npm/node_modules/@cerbos/*/cerbos-*)"
	go test -run '^$$' -bench BenchmarkSuite ./cmd/gwctl/command

test-engine-peers: ## check that the engines of bench-engine give the same answers (builds them: some minutes)
	cd engine/peerbench/workload && go vet ./... && go test ./...
	cd engine/peerbench && go vet ./... && go test ./...
	cd engine/peerbench/cerbos && go vet ./... && go test ./...

# Rounds, and requests to each server in each of them.
PROXY_ROUNDS ?= 5
PROXY_REQUESTS ?= 20000

bench-proxy: build ## measure a proxied request beside a bare ReverseProxy, Caddy and nginx (3 min; needs nginx and caddy)
	cd sidecar/e2e && go build -o $(CURDIR)/bin/proxybench ./proxybench
	bin/proxybench -gwctl $(BIN) -rounds $(PROXY_ROUNDS) -requests $(PROXY_REQUESTS) -w docs/performance.md

bench-flood: build ## 10,000 forged tokens a second for a minute, with unknown keys and with bad signatures (2 min; needs a quiet machine)
	cd sidecar/e2e && GWCTL_FLOOD=long GWCTL_BIN=$(CURDIR)/$(BIN) go test -count=1 -v -timeout 10m -run TestKeyFlood .

test-broken: ## break each operator of the engine and see that the comparison with cel-go fails (half an hour)
	cd engine/plan && GWCTL_BROKEN=$(CURDIR)/docs/equality.md go test -count=1 -timeout 2h -v -run TestBrokenOperators .

check: lint test e2e ## all that CI runs
