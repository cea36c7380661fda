# Everything a contributor runs. `make` alone lists the targets.
SHELL := /bin/bash
BIN := bin/gwctl
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 20s
# CI sets RACE=-race; plain `make test` needs nothing but Go.
RACE ?=

.PHONY: help build run test e2e lint gen fuzz bench check

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build bin/gwctl
	go build -buildvcs=auto -trimpath -o $(BIN) ./cmd/gwctl

run: build ## try it: a gateway with built-in issuer, echo service and the quickstart policies
	@exec $(BIN) serve --dev

test: ## unit, script and documentation tests; needs only Go
	go test $(RACE) ./...

e2e: build ## tests against a real OpenID provider and upstream; needs Node and npm
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

bench: ## run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

check: lint test e2e ## all that CI runs
