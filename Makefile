# The verbs of this repository; `make` lists them. Each installs or builds what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# `make up PROFILE=release` runs optimised binaries.
PROFILE ?= dev
TARGET_DIR := target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
# Passed on, as in `make up ARGS='--sync always'`.
ARGS ?=

SERVICES := holdfast-sandbox holdfast-notification holdfast-storefront holdfast-quota holdfast-user holdfast-catalog holdfast-inventory holdfast-payment holdfast-order holdfast-realtime
BINARIES := -p holdfast $(addprefix -p ,$(SERVICES))
TOOLS := .tools/bin
BUF := $(TOOLS)/buf
PROTO := services/contracts/proto
REGISTERED := services/contracts/registered.binpb
# Istio's own build folders, which its code misses aloud.
MESH_LAB := TARGET_OUT=$(TOOLS) LOCAL_OUT=$(TOOLS) $(TOOLS)/mesh-lab
ISTIO := $(filter-out %/kustomization.yaml,$(wildcard istio/*.yaml istio/stripe/*.yaml))
# What is put in place of others.
ISTIO_OVERLAYS := $(filter-out %/kustomization.yaml,$(wildcard istio/laptop/*.yaml istio/tls/*.yaml istio/cluster-rate-limit/*.yaml))
LAPTOP_MESH := --config istio --config istio/laptop
export HOLDFAST_NATS_SERVER ?= $(CURDIR)/$(TOOLS)/nats-server

# Built when a source of theirs is newer; `make wasm` builds them anyway.
FILTERS := target/wasm32-unknown-unknown/wasm/.built
SHOP := services/storefront/web
PAGES := $(SHOP)/dist/.built

##@ Run
.PHONY: up bench bench-notification bench-login-storm bench-catalog bench-dlq bench-realtime bench-endurance audit clean-data
up: $(if $(findstring --no-mesh,$(ARGS)),nats-server,tools-mesh $(FILTERS) $(PAGES)) build ## Run the whole platform on this machine until Ctrl-C
	$(TARGET_DIR)/holdfast up $(ARGS)

bench: nats-server ## Measure orders per second, latency and CPU time per order (minutes; release binaries)
	cargo build --release $(BINARIES)
	target/release/holdfast bench $(ARGS)

bench-login-storm: nats-server tools-mesh $(FILTERS) ## Measure orders through the gateway, alone and while 64 people log in all the time (a minute; release binaries)
	cargo build --release $(BINARIES)
	target/release/holdfast bench --mesh --clients 96 --sync default --demand uniform --login-storm 64 $(ARGS)

bench-catalog: nats-server ## Measure the catalogue: loading, memory, reads per second (a minute or two; release binaries)
	cargo build --release -p holdfast-catalog --example bench --bin holdfast-catalog
	target/release/examples/bench

bench-dlq: nats-server ## Measure 100,000 dead letters: finding, counting, listing, sending back (a minute; release binaries)
	cargo build --release -p holdfast --example bench_dlq --bin holdfast
	target/release/examples/bench_dlq

bench-realtime: nats-server ## Measure realtime beside Socket.IO: memory per connection, updates per second, latency (minutes; release binaries; needs Node.js)
	cd tests/peers/socketio && npm install --no-package-lock --no-audit --no-fund --silent
	cargo build --release -p holdfast-realtime --example bench_realtime --bin holdfast-realtime
	ulimit -n $$(ulimit -Hn) && target/release/examples/bench_realtime $(ARGS)

bench-notification: nats-server ## Measure how fast 10,000 completed orders are told of (a minute; release binaries)
	cargo test --release -p holdfast-notification --test notification -- --ignored --nocapture ten_thousand

bench-endurance: nats-server ## Memory over half a million orders, then the restart of inventory behind them (minutes; release binaries)
	cargo build --release $(BINARIES)
	target/release/holdfast bench --endurance 500000 --clients 64 --sync default $(ARGS)

audit: build ## Check the invariants over all logs of the running platform
	$(TARGET_DIR)/holdfast audit $(ARGS)

clean-data: ## Delete the data of the laptop platform
	rm -rf .holdfast/data

##@ Build
.PHONY: build generate openapi register-contracts nats-server tools tools-api install-cargo-deny
build: ## Build the binaries
	cargo build --profile $(PROFILE) $(BINARIES)

.PHONY: storefront
storefront: $(PAGES) ## Build the pages of the shop
$(SHOP)/node_modules/.installed: $(SHOP)/package.json $(SHOP)/package-lock.json
	cd $(SHOP) && $(CURDIR)/scripts/with-node.sh npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(PAGES): $(SHOP)/node_modules/.installed docs/api/openapi.json $(SHOP)/index.html $(SHOP)/vite.config.ts $(shell find $(SHOP)/src $(SHOP)/public $(SHOP)/scripts -type f ! -name schema.d.ts)
	cd $(SHOP) && $(CURDIR)/scripts/with-node.sh npm run --silent build
	touch $@

.PHONY: test-storefront
test-storefront: $(PAGES) ## The shop's own code: types and units
	cd $(SHOP) && $(CURDIR)/scripts/with-node.sh npm run --silent check && $(CURDIR)/scripts/with-node.sh npm test --silent

.PHONY: test-browser
test-browser: tools-mesh $(FILTERS) $(PAGES) build ## The shop in a real Chromium, on the whole platform; pictures in target/browser
	scripts/install-chromium.sh
	cd $(SHOP) && HOLDFAST_BINARY=$(CURDIR)/$(TARGET_DIR)/holdfast $(CURDIR)/scripts/with-node.sh npm run --silent test:browser

generate: ## Generate Rust and docs/api/asyncapi.json from services/contracts/proto
	cargo run -q -p holdfast-contracts-codegen

openapi: ## Write docs/api/openapi.json and docs/api/internal.json from the routes of the services
	cargo run -q -p holdfast-openapi

register-contracts: tools ## Register the contracts as they are: from now on they must stay compatible with this
	$(BUF) build $(PROTO) --exclude-source-info -o $(REGISTERED)

nats-server: # all that running needs
	@scripts/install-tools.sh >/dev/null || scripts/install-tools.sh

tools: ## Install the pinned nats-server, buf and stripe-mock into .tools
	@scripts/install-tools.sh --dev >/dev/null || scripts/install-tools.sh --dev

tools-api: ## Install the pinned Schemathesis and Redocly into .tools (needs Python 3.10 and Node.js 20.19)
	@scripts/install-tools.sh --api >/dev/null || scripts/install-tools.sh --api

install-cargo-deny: ## Build cargo-deny into .tools (some minutes), for `make deny`
	@$(TOOLS)/cargo-deny --version 2>/dev/null | grep -qF ' 0.20.2' || cargo install --locked --force --version 0.20.2 --root .tools cargo-deny

##@ Mesh
.PHONY: wasm wasm-reproducible tools-mesh tools-lab test-filters bench-filters render render-check hops hops-check istio-validate istio-analyze
wasm: ## Build the filters for Envoy; prints size and SHA-256
	scripts/build-wasm.sh

$(FILTERS): Cargo.lock rust-toolchain.toml scripts/build-wasm.sh $(shell find mesh-filters -path '*/src/*' -o -name Cargo.toml)
	scripts/build-wasm.sh
	@touch $@

tools-mesh: ## Install the pinned Envoy into .tools
	@scripts/install-tools.sh --mesh >/dev/null || scripts/install-tools.sh --mesh

tools-lab: ## Build mesh-lab (Istio's control plane) and istioctl into .tools; needs Go, some minutes the first time
	@scripts/install-tools.sh --lab >/dev/null || scripts/install-tools.sh --lab

render: tools-lab ## Render what the laptop's Envoys are given, as Istio makes it from istio/
	$(MESH_LAB) render $(LAPTOP_MESH) --out istio/rendered/laptop

render-check: tools-lab ## Are the rendered files what Istio makes now
	$(MESH_LAB) render $(LAPTOP_MESH) --out istio/rendered/laptop --check

hops: tools-lab ## Write istio/HOPS.md: timeout, tries, breaker, pool, callers, fallback of every hop
	$(MESH_LAB) hops --config istio --config istio/stripe --out istio/HOPS.md

hops-check: tools-lab ## Is istio/HOPS.md what the files say
	$(MESH_LAB) hops --config istio --config istio/stripe --out istio/HOPS.md --check

istio-validate: tools-lab ## istioctl validate, and every resource against Istio's CRDs; the documents' examples too
	@scripts/readme-examples.sh target/readme-examples
	for file in $(ISTIO) $(ISTIO_OVERLAYS) target/readme-examples/*.yaml; do $(TOOLS)/istioctl validate -f $$file; done
	$(MESH_LAB) validate $(LAPTOP_MESH) --config istio/stripe --config istio/tls --config istio/cluster-rate-limit --crds "$$(cd tests/mesh/lab && go list -m -f '{{.Dir}}' istio.io/istio)/manifests/charts/base/files/crd-all.gen.yaml"

istio-analyze: tools-lab ## istioctl analyze: references between resources
	$(TOOLS)/istioctl analyze --use-kube=false -A --failure-threshold Warning $(ISTIO) istio/laptop/services.yaml
	for overlay in tls cluster-rate-limit; do $(TOOLS)/istioctl analyze --use-kube=false -A --failure-threshold Warning $(ISTIO) istio/laptop/services.yaml $$(ls istio/$$overlay/*.yaml | grep -v kustomization) || exit; done

wasm-reproducible: ## Build the filters twice, at two paths: are the bytes the same? (a minute or two)
	scripts/wasm-reproducible.sh

# A filter that ends its VM when a request asks it to, apart from those that are shipped.
.PHONY: wasm-trap
wasm-trap:
	CARGO_TARGET_DIR=target/trap HOLDFAST_WASM_FEATURES=trap scripts/build-wasm.sh holdfast-filter-rate-limit

# Of the whole workspace, so that nothing is built again with other features after `cargo test --workspace`.
test-filters: tools tools-mesh $(FILTERS) wasm-trap ## The built filters in a real Envoy
	cargo test --workspace --exclude holdfast-tests-mesh --test rate_limit --test fallback --test mesh -- --ignored

bench-filters: tools-mesh wasm ## What the filters cost: CPU time of Envoy per request (ARGS: words of the rows wanted)
	cargo run --release -p holdfast-envoy-harness --bin bench-filters -- $(ARGS)

##@ Test
.PHONY: test test-unit test-sim test-integration test-contracts pacts test-mesh
test: tools tools-mesh $(FILTERS) $(PAGES) build ## Every test
	cargo test --workspace
	$(MAKE) test-storefront
	$(MAKE) test-contracts
	$(MAKE) test-filters
	$(MAKE) test-mesh
	$(MAKE) test-e2e
	$(MAKE) test-browser

test-unit: ## Tests beside the code: cores, codecs, properties
	cargo test --workspace --exclude holdfast-tests-sim --exclude holdfast-tests-integration

test-sim: ## Seeded simulation of the whole saga (HOLDFAST_SIM_SEEDS=50000 for more; HOLDFAST_SIM_SEED=7 replays one)
	cargo test -p holdfast-tests-sim $(if $(HOLDFAST_SIM_SEED),--test seeds every_seed -- --nocapture)

test-mesh: tools-lab tools-mesh $(FILTERS) nats-server build render-check hops-check istio-validate istio-analyze ## Istio's control plane, real Envoys, the built filters, the services (needs Go)
	cargo test -p holdfast-tests-mesh -- --include-ignored
	cargo test -p holdfast-user --test user -- --ignored

test-integration: tools tools-mesh $(FILTERS) build ## Real nats-server, real Envoys, real processes: contract suites and chaos
	cargo test -p holdfast-tests-integration

test-contracts: nats-server build ## Pact: what services expect of each other, by their real clients, real processes and real messages
	cd tests/pacts && cargo test

pacts: ## Write what consumers expect now to tests/pacts/pacts
	cd tests/pacts && HOLDFAST_WRITE_PACTS=1 cargo test consumers

# More with HOLDFAST_E2E_EXAMPLES=500, something else with HOLDFAST_E2E_SEED=2.
test-e2e: tools-api tools-mesh $(FILTERS) build ## The running platform through its gateway: the examples of the API, then every operation by Schemathesis
	.tools/schemathesis/bin/python tests/e2e/run.py

##@ Check
.PHONY: check fmt fmt-check lint lint-contracts generated-check openapi-check openapi-lint asyncapi-check core-purity doc-paths deny doctor
check: fmt-check lint generated-check openapi-check openapi-lint asyncapi-check lint-contracts core-purity doc-paths deny ## Everything that .ci/run checks before the tests

fmt: ## Format the code
	cargo fmt --all
	cd tests/pacts && cargo fmt

fmt-check: ## Is the code formatted
	cargo fmt --all --check
	cd tests/pacts && cargo fmt --check

lint: ## Clippy, warnings are errors
	cargo clippy --workspace --all-targets -- -D warnings
	cd tests/pacts && cargo clippy --all-targets -- -D warnings

generated-check: ## Is the generated code up to date
	cargo run -q -p holdfast-contracts-codegen -- --check

openapi-check: ## Are the documents under docs/api what the services say
	cargo run -q -p holdfast-openapi -- --check
	cd services/catalog/assets/docs && sha256sum --quiet --check SHA256SUMS

asyncapi-check: ## Is docs/api/asyncapi.json AsyncAPI, as its own parser says, and are its examples what its schemas say
	cd tests/asyncapi && $(CURDIR)/scripts/with-node.sh npm ci --silent --no-audit --no-fund && $(CURDIR)/scripts/with-node.sh npm run --silent check

openapi-lint: tools-api ## Redocly's linter over the documents under docs/api
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true scripts/with-node.sh $(abspath .tools/redocly/node_modules/.bin/redocly) lint --config tests/e2e/redocly.yaml \
	    docs/api/openapi.json docs/api/internal.json

lint-contracts: tools ## buf: style, and compatibility with what is registered
	$(BUF) lint $(PROTO)
	$(BUF) breaking $(PROTO) --against $(REGISTERED)

core-purity: ## The cores depend on no runtime and no IO
	scripts/core-purity.sh

doc-paths: ## Every path that the documents cite exists
	scripts/doc-paths.sh

deny: ## Licences, sources and duplicates of the dependencies (cargo-deny, if it is installed)
	scripts/deny.sh

doctor: ## What this machine lacks, and how to get it
	@scripts/doctor.sh

.PHONY: help
help:
	@[ -t 1 ] && colour=1 || colour=0; \
	awk -v colour=$$colour 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	    /^[a-z-]+:.*## / {name = sprintf("%-20s", $$1); if (colour) name = "\033[36m" name "\033[0m"; printf "  %s %s\n", name, $$2} END {print ""}' $(MAKEFILE_LIST)
