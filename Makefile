# Every target prints its own line in `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export UV_PYTHON_DOWNLOADS := never

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .local/tools/bin/uv)
PYTHON ?= python3
RUN := .venv/bin
STACK := $(PYTHON) -m deploy.local
HOME_DEMO := .local/demo
PORT_DEMO ?= 19000
CONTACTS ?= 20000
SIDE_BY_SIDE ?= 2

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.local/tools/bin/uv:
	@$(PYTHON) -m venv .local/tools && .local/tools/bin/pip install -q uv==$(UV_VERSION)

.venv/installed: requirements.lock pyproject.toml | $(filter .local/%,$(UV))
	@$(PYTHON) -m deploy.local packages
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync -q --require-hashes requirements.lock
	@$(UV) pip install -q --no-deps -e .
	@touch $@

install: .venv/installed ## Install the locked packages into .venv

demo: .venv/installed ## Run both demo shops, compare everything, leave it running; SWITCHES=all: under every answer
ifeq ($(SWITCHES),all)
	@$(RUN)/python -m deploy.demo.switches
else
	@$(RUN)/python -m deploy.demo.run --home $(HOME_DEMO) --port-base $(PORT_DEMO)
endif

in-use: .venv/installed ## First load into an account that holds all contacts already; CONTACTS=20000
	@E2E_CONTACTS=$(CONTACTS) $(RUN)/pytest -q -s tests/end_to_end/test_portal_in_use.py

up: .venv/installed ## Start the local stack (what is not running)
	@$(STACK) up --home $(HOME_DEMO) --port-base $(PORT_DEMO)

down: ## Stop the demo: worker and local stack
	@if [ -x $(RUN)/python ]; then $(RUN)/python -m deploy.demo.run --home $(HOME_DEMO) --port-base $(PORT_DEMO) --stop; fi
	@$(STACK) down --home $(HOME_DEMO) --port-base $(PORT_DEMO)

test: .venv/installed ## Lint, types, unit and end-to-end tests, on SIDE_BY_SIDE=2 stacks of their own
	@$(MAKE) --no-print-directory lint
	@$(RUN)/pytest -n $(SIDE_BY_SIDE) --dist loadfile

unit: .venv/installed ## Only the tests that need no stack
	@$(RUN)/pytest -m "not end_to_end"

lint: .venv/installed ## Style, types and import contracts
	@$(RUN)/ruff check
	@$(RUN)/mypy
	@$(RUN)/lint-imports

lock: ## Resolve the dependencies anew into requirements.lock
	@$(UV) pip compile -q pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header -o requirements.lock

clean: down ## Stop the demo and forget its data
	@rm -rf $(HOME_DEMO)

.PHONY: help install demo in-use up down test unit lint lock clean
