# `make` lists what there is.
SHELL := /bin/sh
PORT ?= 8000
QBO_PORT ?= 9000
JOBS ?= 2
PYTHON = .venv/bin/python
# Tests and checks need no keys of a real installation.
CHECK = exec env CANOPY_TESTS=1 $(PYTHON)

.DEFAULT_GOAL := help
.PHONY: help setup setup-demo demo demo-reset test browser clients lint format bench shots

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /|/' | awk -F'|' '{printf "make %-12s %s\n", $$1, $$2}'

setup: ## make .venv and install what runs and what checks
	@sh scripts/setup all

setup-demo:
	@sh scripts/setup run

demo: setup-demo ## start everything: PORT=8000, QBO_PORT=9000; Ctrl-C stops it
	@exec $(PYTHON) manage.py demo --port $(PORT) --qbo-port $(QBO_PORT)

demo-reset: setup-demo ## throw the demo's data away; the next `make demo` starts over
	@exec $(PYTHON) manage.py demo --reset

test: setup ## all tests on a real PostgreSQL, two at a time; ARGS="-k name" picks some
	@$(CHECK) -m pytest -n $(JOBS) --dist worksteal $(ARGS)

browser: ## install a Chromium for the browser tests (Debian, Ubuntu)
	@sh scripts/browser

clients: ## install a client in Node.js for the emulator's tests (Debian, Ubuntu)
	@sh scripts/clients

lint: setup ## ruff, mypy, import rules, migrations, settings of production
	@sh scripts/lint

format: setup ## put the code into its one layout
	@$(PYTHON) -m ruff check --fix --quiet . ; $(PYTHON) -m ruff format .

bench: setup ## measure: edits each way, killed workers, ten thousand customers
	@$(CHECK) -m bench $(ARGS)

shots: setup ## pictures of the pages, in shots/
	@$(CHECK) -m tests.browser.shots $(ARGS)
