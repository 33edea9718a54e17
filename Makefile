# Everything happens below $(BUILD); nothing is installed elsewhere.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
BUILD ?= .build
PORT ?= 18000
FIXTURE ?= fixture.json
VERSION ?= 4.3.11

# Only the demo against a real Coolify may see whose Coolify that is
ifneq ($(REAL)$(filter-out demo demo-clean,$(MAKECMDGOALS)),1)
unexport $(filter COOLIFY_%,$(.VARIABLES))
endif

UV := $(BUILD)/uv/bin/uv
VENV := $(BUILD)/venv
TREE := $(BUILD)/tree/ansible_collections/selfhosted/coolify
ENV := PATH="$(abspath $(VENV))/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(abspath $(BUILD))/tree" PYTHONPATH="$(abspath $(BUILD))/tree"

.PHONY: help setup tree lint sanity unit failure-matrix integration test matrix matrix-2.16 matrix-2.21 lab lab-django lab-static lab-buildx molecule soak soak-quick docs reuse release replay demo demo-clean simulator bench returns build clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(UV):
	@$(PYTHON) -m venv $(BUILD)/uv && $(BUILD)/uv/bin/pip install -q uv

# The environment that the targets below use: the newest ansible-core that this Python can run
$(VENV)/ready: requirements-dev.txt requirements.txt tests/unit/requirements.txt | $(UV)
	@echo "setting up $(VENV)"
	@$(UV) venv -q --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
	@$(UV) pip install -q --python $(VENV)/bin/python -r requirements-dev.txt
	@touch $@

setup: $(VENV)/ready tree ## the virtualenv and the collection's path, which the other targets need
	@$(PYTHON) scripts/dependencies.py $(BUILD) > /dev/null

tree:
	@$(PYTHON) scripts/tree.py $(BUILD) > /dev/null

test: lint sanity unit integration soak-quick ## all checks

lint: setup ## ansible-lint (production), yamllint, ruff, the changelog, and what is generated
	@cd $(TREE) && $(ENV) bash -c '\
	  ruff check --quiet . && ruff format --check --quiet . && \
	  yamllint --strict . && \
	  ansible-lint --profile production --offline --strict -q && \
	  antsibull-changelog lint && \
	  python scripts/returns.py --check && \
	  python scripts/rules.py --check && \
	  python scripts/errors.py --check && \
	  python scripts/compose_rules.py --check'
	@echo "lint: fine"

sanity: setup ## ansible-test sanity
	@$(ENV) python scripts/ansible_test.py $(BUILD) $(VENV) sanity --requirements

unit: setup ## unit tests, with the simulator in the process
	@cd $(TREE) && $(ENV) python -m pytest -q -n auto tests/unit

failure-matrix: setup ## each step of a deployment x each way to fail; the unit tests have it too
	@cd $(TREE) && $(ENV) python -m pytest -q -n auto --junitxml=$(abspath $(BUILD))/failure-matrix.xml tests/unit/plugins/modules/test_failure_matrix.py || true
	@$(PYTHON) -c 'import sys, xml.etree.ElementTree as tree; \
	  cases = list(tree.parse("$(BUILD)/failure-matrix.xml").iter("testcase")); \
	  failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases); \
	  print(f"{len(cases) - failed} passed, {failed} failed"); sys.exit(bool(failed or not cases))'

integration: setup ## the integration targets, in the controller process and as ordinary modules, with equal results
	@# In a tree of its own, because ansible-test wants the simulator's address and tokens there
	@$(PYTHON) scripts/tree.py $(BUILD)/integration $(BUILD) > /dev/null
	@$(ENV) ANSIBLE_COLLECTIONS_PATH="$(abspath $(BUILD))/integration/tree" PYTHONPATH="$(abspath $(BUILD))/integration/tree" \
	  python scripts/integration.py $(BUILD)/integration $(VENV)

matrix: matrix-2.16 matrix-2.21 ## sanity, and what depends on ansible-core, on its oldest and its newest, where the interpreters exist

# What is between them is what "make test" uses
matrix-2.16: setup
	@scripts/matrix $(BUILD) 2.16 3.11

matrix-2.21: setup
	@scripts/matrix $(BUILD) 2.21 3.12

lab: setup ## real faults on a real Docker engine, diagnosed; CASES="wrong_port web" for some; LAB_INSTALL=1 installs what it needs
	@$(ENV) python -m tests.lab $(CASES)

lab-django: setup ## what the role django writes: built, run and broken on a real engine with PostgreSQL, Redis and Celery
	@$(ENV) python -m tests.lab.django_real

lab-static: setup ## what the role static_site writes: behind a real Traefik with a certificate of Pebble
	@$(ENV) python -m tests.lab.static_real

lab-buildx: setup ## the repair of the build cache on a real engine
	@$(ENV) python -m tests.lab.buildx

molecule: setup ## the scenarios of the roles; SCENARIO=ghcr_login for one
	@cd $(TREE)/extensions && for scenario in $(or $(SCENARIO),django static_site ghcr_login); do $(ENV) molecule test -s $$scenario || exit 1; done

soak: setup ## 2000 operations by several ansible-playbook at a time, with faults at random
	@$(ENV) python scripts/soak.py $(BUILD)/soak

soak-quick: setup ## the same with 60 operations
	@$(ENV) python scripts/soak.py $(BUILD)/soak-quick --quick

docs: setup ## the documentation as a site in $(BUILD)/docs, without warnings
	@cd $(TREE) && $(ENV) python scripts/docs.py $(abspath $(BUILD))

reuse: setup ## every file has a licence
	@$(ENV) reuse lint -q || $(ENV) reuse lint

release: setup ## what a release would be is built, judged by galaxy-importer, installed and used; VERSION_TO_RELEASE=0.2.0 makes it
	@$(ENV) python scripts/release.py $(BUILD) $(VERSION_TO_RELEASE)

replay: setup ## replay the recorded exchanges against the simulator, for each version
	@$(ENV) python scripts/replay.py $(if $(FROM),$(FROM),tests/fixtures)

simulator: setup ## the simulator in the foreground: PORT=18000 FIXTURE=fixture.json VERSION=4.3.11
	@$(ENV) python -m tests.simulator --port $(PORT) --fixture $(FIXTURE) --version $(VERSION)

demo: setup ## preview, apply and re-run a small project, roll back a deployment; REAL=1 on the Coolify of COOLIFY_URL and COOLIFY_TOKEN
	@$(ENV) REAL=$(REAL) python scripts/demo.py $(BUILD)/demo

demo-clean: setup ## remove what the demo created on a real Coolify
	@$(ENV) REAL=$(REAL) python scripts/demo.py $(BUILD)/demo --clean

bench: setup ## what tasks cost against ansible.builtin.uri and a script, and how late deployments are noticed; PARTS="d f" for some
	@$(ENV) python scripts/bench.py $(BUILD)/bench $(PARTS)

returns: setup ## write what is generated: the common part of RETURN into every module, the pages of rules
	@$(ENV) python scripts/returns.py
	@$(ENV) python scripts/rules.py
	@$(ENV) python scripts/compose_rules.py
	@$(ENV) python scripts/errors.py

build: setup ## the collection as an archive in dist/
	@cd $(TREE) && $(ENV) ansible-galaxy collection build --force --output-path $(abspath dist)

clean: ## remove everything that was set up
	@rm -rf $(BUILD) dist
