# What a person types. `make demo` and `make test` do all the set-up they need, once.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
VENV := .venv
PYTHON ?= python3
# The tools of this checkout come before the machine's.
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# The program itself: the package's wrapper of it ends with 0 whatever the program says.
FORGE := $$(echo node_modules/@foundry-rs/forge-*/bin/forge)

# The same fuzz inputs each time, so that a red run can be repeated; `make fuzz` takes new ones.
SEED := 0x20261122

.PHONY: help setup demo up test fuzz soak lint audit format gas bench clean

help: ## Say what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(VENV)/.stamp node_modules/.stamp build/forge/.stamp ## Install everything into this checkout (.venv, node_modules) and compile

demo: setup ## Run the example trades from documents to cash; writes build/demo.json, demo-stock.json, demo-line.json
	portolan demo
	portolan demo --trade examples/trade-stock --report build/demo-stock.json --work-dir build/demo-stock
	portolan demo --trade examples/trade-line --report build/demo-line.json --work-dir build/demo-line

up: setup ## Start the embedded network for use; Ctrl-C stops it
	portolan up

# A person's run stays under twenty minutes: no test that takes over ten seconds, and one database of the two.
test: setup build/debian/.stamp build/schemathesis/.stamp build/kubo/.stamp $(if $(ALL),build/kaia/.stamp) ## Run the tests but the long ones and those of PostgreSQL; ALL=1, as in CI, runs every test
	$(FORGE) test --fuzz-seed $(SEED) --no-match-test '^invariant_' --no-match-path 'tests/contracts/gas/*'
	FOUNDRY_FUZZ_SEED=$(SEED) portolan invariants
	portolan gas --check
	pytest -q -n 4 --dist loadgroup $(if $(ALL),,-m 'not slow and not postgres')
	$(if $(ALL),,@echo "Left out: long tests and PostgreSQL's. Every test: make test ALL=1")

# foundry.toml's profile says how long; FUZZ_RUNS, INVARIANT_RUNS and INVARIANT_DEPTH say otherwise.
LONG := FOUNDRY_PROFILE=long $(if $(FUZZ_RUNS),FOUNDRY_FUZZ_RUNS=$(FUZZ_RUNS)) \
  $(if $(INVARIANT_RUNS),FOUNDRY_INVARIANT_RUNS=$(INVARIANT_RUNS)) \
  $(if $(INVARIANT_DEPTH),FOUNDRY_INVARIANT_DEPTH=$(INVARIANT_DEPTH))

comma := ,
fuzz: setup build/schemathesis/.stamp ## Run fuzz tests, invariants, the model and the gateway's API for long (FUZZ_RUNS=, INVARIANT_RUNS=, INVARIANT_DEPTH=, MODEL_SEEDS=, MODEL_GOODS_SEEDS=, FUZZ_EXAMPLES=, FUZZ_SEED=)
	$(LONG) $(FORGE) test --match-test '^testFuzz'
	$(LONG) portolan invariants
	MODEL_OPERATIONS=$(or $(MODEL_OPERATIONS),2000) MODEL_SEEDS=$(or $(MODEL_SEEDS),1$(comma)2$(comma)3$(comma)4$(comma)5) \
	  MODEL_GOODS_OPERATIONS=$(or $(MODEL_GOODS_OPERATIONS),1000) \
	  MODEL_GOODS_SEEDS=$(or $(MODEL_GOODS_SEEDS),1$(comma)2$(comma)3$(comma)4$(comma)21) \
	  pytest -q -n 2 --dist loadgroup tests/model -k add_up
	HYPOTHESIS_PROFILE=new pytest -q -n 2 --dist loadgroup $$(grep -rlE '^from hypothesis' tests --include='test_*.py')
	FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),100) FUZZ_SEED=$(or $(FUZZ_SEED),$$RANDOM) pytest -q tests/api/fuzz

# Each case of tests/chaos once, however long that takes, then on for as long as one likes; SOAK_SEED= repeats a run's cases.
soak: setup build/kaia/.stamp ## Harm a network of four validators at work: every case once, then at random for MINUTES=10 in all; SOAK_SEED= repeats
	SOAK_MINUTES=$(or $(MINUTES),10) SOAK_SEED=$(or $(SOAK_SEED),$$RANDOM) pytest -q -s tests/chaos/test_soak.py

lint: setup ## Check format, types, import rules, the code by bandit and the contracts by slither
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	@# it warns of each part of an expression that its own nosec did not have to excuse
	bandit --quiet --recursive --configfile pyproject.toml standards chain_node oracles api scripts 2> >(grep -v '^\[tester\]' >&2)
	$(FORGE) fmt --check
	portolan slither

# Ends with 3 where the advisory service is away; AUDIT_SERVICE= is the address of another (OSV) one.
audit: setup ## Ask an advisory service for known weaknesses of the locked Python packages
	portolan audit $(if $(AUDIT_SERVICE),--service $(AUDIT_SERVICE))

format: setup ## Put the code into the house's format
	ruff check --fix .
	ruff format .
	$(FORGE) fmt

gas: setup ## Measure the gas of each operation; writes docs/gas.md and build/gas.json
	portolan gas

bench: setup ## Measure; writes build/bench.json (BENCH= names of some, e.g. "relay catch-up")
	portolan bench $(BENCH)

clean: ## Remove what was built and installed
	rm -rf build $(VENV) node_modules

$(VENV)/.stamp: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Portolan needs Python 3.11 or newer; set PYTHON=..."; exit 1; }
	@echo "Installing the Python packages"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check $$(grep '^uv==' requirements.txt)
	@# --no-deps: the lock is the whole answer, and one of its pins overrides a package's own (requirements-overrides.txt)
	@$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps --requirement requirements.txt
	@$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.stamp: package.json package-lock.json | $(VENV)/.stamp
	@echo "Installing the contract tools"
	@# not `npm ci`: it wants the packages of every platform in the lock, and a registry may carry only some
	@npm install --no-save --no-audit --no-fund --loglevel=error > /dev/null
	@touch $@

build/forge/.stamp: $(shell find contracts -name '*.sol' 2>/dev/null) foundry.toml chain_node/solc/launcher.js node_modules/.stamp
	@echo "Compiling the contracts"
	@$(FORGE) build --skip test --quiet
	@touch $@

build/debian/.stamp: scripts/setup/debian-tools
	@mkdir -p build/debian
	@scripts/setup/debian-tools build/debian
	@touch $@

# An environment of its own: schemathesis and eth-brownie want different versions of hypothesis.
build/schemathesis/.stamp: requirements-fuzz.txt $(VENV)/.stamp
	@echo "Installing schemathesis"
	@test -x build/schemathesis/venv/bin/python || $(PYTHON) -m venv build/schemathesis/venv
	@$(VENV)/bin/uv pip install --quiet --python build/schemathesis/venv/bin/python --no-deps --requirement requirements-fuzz.txt
	@touch $@

# The IPFS daemon that a gateway may keep its documents in: some three minutes, once.
build/kubo/.stamp: tools/kubo/go.mod tools/kubo/go.sum tools/kubo/main.go
	@command -v go > /dev/null || { echo "Kubo is built by Go 1.26.5 or newer, which is not installed"; exit 1; }
	@echo "Building Kubo"
	@mkdir -p build/kubo
	@cd tools/kubo && nice -n 10 go build -mod=mod -buildvcs=false -trimpath -o ../../build/kubo/ipfs .
	@touch $@

# The validators of a network of several: some five minutes, once. -checklinkname=0: one of its packages reaches into the
# standard library by a name that Go has closed since. -overlay: a validator's clock can be wrong on purpose, by
# PORTOLAN_CLOCK_OFFSET_SECONDS, which tests set; without it nothing differs (docs/decisions/0053). -modfile: a line of its
# handshake is mended.
build/kaia/.stamp: tools/kaia/go.mod tools/kaia/go.sum tools/kaia/mended $(wildcard tools/kaia/*.go tools/kaia/clock/*)
	@command -v go > /dev/null || { echo "Kaia is built by Go 1.26.5 or newer, which is not installed"; exit 1; }
	@command -v cc > /dev/null || { echo "Kaia is built with a C compiler (cc), which is not installed"; exit 1; }
	@echo "Building Kaia"
	@mkdir -p build/kaia
	@tools/kaia/clock/overlay build/kaia/clock
	@tools/kaia/mended build/kaia/module
	@cd tools/kaia && CGO_ENABLED=1 nice -n 10 go build -mod=mod -buildvcs=false -trimpath -ldflags=-checklinkname=0 \
	  -modfile ../../build/kaia/module/go.mod -overlay ../../build/kaia/clock/overlay.json -o ../../build/kaia/kaia .
	@touch $@

requirements-fuzz.txt: requirements-fuzz.in
	@if [ -x $(VENV)/bin/uv ]; then $(VENV)/bin/uv pip compile --quiet --python-version 3.11 requirements-fuzz.in --output-file $@ \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate > /dev/null; fi
	@touch $@

requirements.txt: requirements.in requirements-overrides.txt
	@if [ -x $(VENV)/bin/uv ]; then $(VENV)/bin/uv pip compile --quiet --python-version 3.11 requirements.in --output-file $@ \
	  --override requirements-overrides.txt --no-emit-index-url --no-emit-find-links --no-header --no-annotate > /dev/null; fi
	@touch $@
