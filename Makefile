# `make` lists the targets. The command line can set WEB, PORT, AWS_PORT, PYTHON, STACK, PARAMETERS, BUCKET, ROLE, PACKAGED,
# ARCHITECTURE and WORKERS.

SHELL := /bin/bash
PORT ?= 8000
AWS_PORT ?= 4566
STACK ?= bidder
MINUTES ?= 5
BASE ?= HEAD~1
WEB ?= bidder/web
WORKERS ?= auto
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
RUNNABLE := $(VENV)/runnable
ESBUILD := build/clients/node_modules/.bin/esbuild

# Only `make deploy` may see an AWS account.
LOCAL_ENV := env $(foreach name,$(filter AWS_%,$(filter-out AWS_PORT AWS_CA_BUNDLE,$(.VARIABLES))),-u $(name))

.DEFAULT_GOAL := help
.PHONY: help run container test test-fast coverage mutate docs check security player demo-players package deploy rollback smoke status restore events-topic loadtest soak bench bench-readme bench-compare profile lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' Makefile

run: $(RUNNABLE) ## Start the local AWS, sample campaigns and the bidder on PORT (8000), until Ctrl-C
	@exec $(LOCAL_ENV) $(BIN)/python -m tools.local --port $(PORT) --aws-port $(AWS_PORT)

container: $(READY) ## Start the container's web server on PORT (8000) against the local AWS of `make run`, until Ctrl-C
	@test -f .local/env || { echo "There is no local AWS yet: start make run in another terminal, then make container PORT=8080" >&2; exit 2; }
	@exec $(LOCAL_ENV) bash -c 'set -a; . .local/env; export BIDDER_PORT=$(PORT) BIDDER_DRAIN_SECONDS=5; exec $(BIN)/python -m container'

test: check ## Run lint, type checks, all tests in parallel, and the coverage gate, as CI does
	@exec $(LOCAL_ENV) $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=

test-fast: $(READY) ## Run unit and golden tests except slow ones, with fewer examples, in parallel: under a minute
	@exec $(LOCAL_ENV) $(BIN)/python -m pytest -q -n $(WORKERS) --hypothesis-profile=fast -m 'not slow' tests/unit tests/golden

coverage: $(READY) ## Measure the coverage of bidder/ by unit and golden tests with fixed inputs: at least 95 %
	@exec $(LOCAL_ENV) $(BIN)/python -m pytest -q -n $(WORKERS) -m 'not hypothesis' --cov --cov-report=term tests/unit tests/golden

mutate: $(READY) ## Run mutation tests: ONLY=bidder/money.py, SAMPLE=60 mutants of each room, SEED
	@exec $(LOCAL_ENV) $(BIN)/python -m tools.mutate $(if $(ONLY),--only $(ONLY)) $(if $(SAMPLE),--sample $(SAMPLE)) \
		$(if $(SEED),--seed $(SEED)) $(if $(MATCH),--match '$(MATCH)') $(if $(MEASURE),--measure) \
		--workers $(if $(filter auto,$(WORKERS)),$$(nproc),$(WORKERS))

docs: $(READY) ## Build the pages of docs/ in build/site; a broken link is an error, and so is a file from another host
	@$(BIN)/python -m pip install -q --no-compile --disable-pip-version-check -r requirements-docs.txt
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --clean
	@$(BIN)/python -m tools.links && $(BIN)/python -m tools.site_hosts

check: $(READY) ## Run lint and type checks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@# lint-imports prints a banner, so its output is shown only if a contract is broken.
	@said=$$($(BIN)/lint-imports --no-cache) && echo "Imports: all contracts are kept" || { echo "$$said"; exit 1; }

security: $(READY) ## Run checkov on every template, with the reasoned exceptions of .checkov.yaml
	@exec $(LOCAL_ENV) $(BIN)/python -m tools.security

package: $(RUNNABLE) ## Build the SAM template and the zip in build/package; print their sizes
	@exec $(LOCAL_ENV) $(BIN)/python -m tools.package $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

deploy: $(READY) ## Deploy the package to the AWS account of AWS_PROFILE; STACK (bidder), PARAMETERS, BUCKET, CONFIRM=yes
	@CONFIRM=$(CONFIRM) $(BIN)/python -m tools.deploy --stack $(STACK) $(if $(BUCKET),--bucket $(BUCKET)) \
		$(if $(ROLE),--role $(ROLE)) $(if $(filter yes,$(PACKAGED)),--packaged) $(PARAMETERS)

rollback: $(RUNNABLE) ## Move the bid function, or FUNCTION=ledger, back to the previous version or to VERSION, at once
	@$(BIN)/python -m tools.versions --stack $(STACK) $(if $(FUNCTION),--function $(FUNCTION)) $(if $(VERSION),--to $(VERSION))

smoke: $(READY) ## Check the answers of the bidder at URL; status 1 means a fault. NO_BIDS=allowed for a stack without campaigns
	@test -n "$(URL)" || { echo "make smoke needs URL, the address of a bidder: make smoke URL=http://127.0.0.1:$(PORT)" >&2; exit 2; }
	@$(BIN)/python -m tests.smoke.run "$(URL)" $(if $(NO_BIDS),--no-bids $(NO_BIDS))

status: $(RUNNABLE) ## Print the state of the stack: version, traffic, alarms, snapshot, queues, spend; JSON=yes for programs
	@$(BIN)/python -m tools.status --stack $(STACK) $(if $(JSON),--json)

restore: $(RUNNABLE) ## Restore TABLES (campaigns history ledger) of the stack to the time AT, such as AT=2026-11-26T01:30:00Z
	@test -n "$(AT)" -a -n "$(TABLES)" || { echo 'make restore needs TABLES and AT: make restore TABLES="campaigns ledger" AT=2026-11-26T01:30:00Z' >&2; exit 2; }
	@$(BIN)/python -m tools.restore --stack $(STACK) --at $(AT) $(TABLES)

events-topic: $(RUNNABLE) ## Create the topic of events and its subscriptions again after a deletion
	@$(BIN)/python -m tools.events_topic --stack $(STACK)

player: $(ESBUILD) ## Bundle the ad player from web/ into bidder/web (needs Node.js and npm)
	@$(BUNDLE) web/player.js --target=es2022 --format=esm --outfile=$(WEB)/player.mjs
	@$(BUNDLE) web/player.js --target=es2022 --format=iife --global-name=bidder \
		--define:import.meta.url=document.currentScript.src --outfile=$(WEB)/player.js
	@cp web/player.d.ts $(WEB)/

demo-players: $(ESBUILD) ## Bundle video.js and Fluid for the demo of the next `make run` (needs Node.js and npm)
	@NODE_PATH=build/clients/node_modules $(BUNDLE) web/demo_players.js --outfile=build/demo/players.js

BUNDLE = $(ESBUILD) --bundle --minify --log-level=error

$(ESBUILD):
	@mkdir -p build/clients && cp tests/clients/package*.json build/clients
	@cd build/clients && npm ci --no-audit --no-fund --ignore-scripts

loadtest: $(READY) ## Send a minute of mixed requests to the bidder on PORT or at HOST; print a table. WEB=8089: locust's page
	@exec $(LOCAL_ENV) $(BIN)/python -m loadtest.run

soak: $(READY) ## Send events through failing AWS and crashing handlers for MINUTES (5): spend must stay exact
	@$(LOCAL_ENV) $(BIN)/python -m tests.soak.run --minutes $(MINUTES)
	@exec $(LOCAL_ENV) $(BIN)/python -m tests.soak.run --aws --minutes 0

bench: $(READY) ## Measure the decision in process and the package under the real runtime; write build/bench.json and .svg
	@exec $(LOCAL_ENV) $(BIN)/python -m loadtest.bench

bench-readme: $(READY) ## Put the figures of build/bench.json, or of RECORD, into README, docs/bench.json and docs/bench.svg
	@exec $(BIN)/python -m loadtest.bench.readme $(RECORD)

bench-compare: $(READY) ## Measure the decision of this checkout and of the revision BASE (HEAD~1), alternately
	@exec $(LOCAL_ENV) $(BIN)/python -m loadtest.bench.compare $(BASE)

profile: $(READY) ## Write a flame graph of the decision over 10,000 campaigns to build/profile.svg
	@mkdir -p build && $(LOCAL_ENV) $(BIN)/py-spy record --rate 500 --output build/profile.svg -- $(BIN)/python -m loadtest.bench.tail

lock: $(READY) ## Resolve pyproject.toml again into the requirements files
	@$(BIN)/python -m pip install -q --disable-pip-version-check $(UV)
	$(LOCK) --group dev pyproject.toml -o requirements-dev.txt
	$(LOCK) --group run pyproject.toml -c requirements-dev.txt -o requirements-run.txt
	$(LOCK) --group container pyproject.toml -c requirements-dev.txt -o requirements-container.txt
	$(LOCK) --group docs -c requirements-dev.txt -o requirements-docs.txt
	$(LOCK) pyproject.toml -c requirements-dev.txt -o requirements.txt
	$(LOCK) --group runtime -c requirements-dev.txt -o requirements-runtime.txt
	$(LOCK) --group security -o requirements-security.txt

# uv takes 18 MB and only `make lock` needs it, so it is not a development dependency.
UV := uv==0.13.9
LOCK = $(BIN)/uv pip compile -q --universal --custom-compile-command 'make lock'

clean: ## Remove the virtual environment, builds, caches, and the local AWS with its state
	rm -rf $(VENV) build .local .chalice/deployments .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(RUNNABLE): requirements-run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "bidder needs Python 3.11 or later, and $(PYTHON) is older. Set PYTHON: make PYTHON=/path/to/python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments (no ensurepip). On Debian and Ubuntu: apt install python3-venv;" \
			"or set PYTHON: make PYTHON=/path/to/python3.13" >&2; exit 1; }
	@echo "Installing into $(VENV), once: the packages for make run and make package"
	@$(PYTHON) -m venv $(VENV)
	@$(call install,$<)
	@# The command `bidder`, which runs this checkout.
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --disable-pip-version-check -e .
	@touch $@

$(READY): requirements-dev.txt $(RUNNABLE)
	@echo "Installing into $(VENV), once: the packages for tests, checks and deployments"
	@$(call install,$<)
	@touch $@

# Compiling all packages would double the time; Python compiles modules at their import. pip's output is reduced to few lines.
install = set -o pipefail; $(BIN)/python -m pip install --no-compile --disable-pip-version-check --progress-bar off -r $(1) | \
	awk -v all=$$(grep -c '^[a-z].*==' $(1)) '\
		/^Collecting/ { if (++n % 20 == 0) print "  fetching: " n " of " all " packages at most"; fflush() } \
		/^Installing/ { print "  unpacking " n " packages"; fflush() }'
