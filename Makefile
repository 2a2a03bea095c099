# Everspan. `make` alone lists what there is.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
PLATFORMS   = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
MODULES     = . instrument examples/shop test/chain test/gosvc test/kit
FUZZTIME   ?= 10m
GO          = go

export CGO_ENABLED = 0

.PHONY: help build demo page test short lint vuln race cross node browser fuzz bench update clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/everspan
	$(GO) build -trimpath -o bin/everspan ./cmd/everspan

demo: build ## the shop sends to a server on ./everspan-data, until Ctrl-C
	@test -d examples/shop/fraud/node_modules || ! command -v npm >/dev/null || (cd examples/shop/fraud && npm ci --silent) || true
	@$(GO) build -o bin/shop ./examples/shop
	@EVERSPAN_BIN=$(CURDIR)/bin/everspan exec bin/shop

page: ## build the page into ui/dist, which is committed (needs Node.js)
	@cd ui && npm ci --silent && npm run --silent build

test: lint node cross browser ## everything: lint, all tests, race, real Node.js and DuckDB, every platform
	$(GO) test -count=1 ./...
	cd instrument && $(GO) test -count=1 ./...
	cd test/kit && $(GO) test -count=1   # no ./...: what is left out is then printed
	cd examples/shop && $(GO) test -count=1 ./...
	$(MAKE) race
	@$(MAKE) vuln

short: ## what fits into half a minute
	$(GO) test -short -count=1 ./...

lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l $(MODULES))" || { gofmt -l $(MODULES); echo "run gofmt -w on these"; exit 1; }
	@for m in $(MODULES); do (cd $$m && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...) || exit 1; done

vuln: ## known vulnerabilities; needs the Go vulnerability database
	@out=$$($(GO) run $(GOVULNCHECK) ./... 2>&1) && { echo "$$out"; exit 0; }; echo "$$out"; \
	case "$$out" in *"fetching vulnerabilities"*) echo "NOT CHECKED: the Go vulnerability database can't be reached from here";; *) exit 1;; esac

race: ## the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short ./cmd/... ./internal/...
	cd instrument && CGO_ENABLED=1 $(GO) test -race -short ./...

cross: ## build for every platform
	@for p in $(PLATFORMS); do echo "build $$p"; GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o /dev/null ./cmd/everspan || exit 1; \
	  GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./cmd/... ./internal/... ./test || exit 1; done

node: ## install what the tests with Node.js, DuckDB and SQS need, and the shop's service
	@for d in test/node test/duckdb test/kit examples/shop/fraud; do (cd $$d && npm ci --silent) || exit 1; done

browser: build ## the page: types, unit tests, and Chromium against a real server
	@$(GO) build -o bin/shop ./examples/shop
	cd ui && npm ci --silent && npm run --silent check && npm test --silent && node --test --test-concurrency=1 --test-timeout=300000 e2e/*.test.mjs

fuzz: ## every fuzz target for FUZZTIME
	@for p in $$($(GO) list ./cmd/... ./internal/... ./instrument); do for f in $$($(GO) test -list '^Fuzz' $$p | grep ^Fuzz); do \
	  echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p || exit 1; done; done

bench: ## what two million spans cost (Linux); ARGS="--help" lists the flags
	$(GO) run ./bench $(ARGS)

update: ## rewrite the golden files
	$(GO) test ./internal/... -update

clean: ## remove what was built
	rm -rf bin
