# Two commands matter: `make demo` and `make test`. Both install what they need (Debian or Ubuntu, python3, root or sudo).
SHELL := /bin/sh
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/.config/ansible.cfg
BY_DAY = -m "not nightly"
IN_PARALLEL = --numprocesses=auto --dist=worksteal
# What takes seconds: no playbook is run there, and no program of a role.
FAST = tests/unit/engine tests/unit/deployment tests/unit/docs tests/unit/modules --ignore=tests/unit/modules/test_direct.py

.venv/.ready: requirements.txt requirements-dev.txt constraints.txt sandbox/setup
	sandbox/setup

.cache/newest/.ready: .venv/.ready
	sandbox/setup newest

.cache/earlier/.ready: .venv/.ready
	sandbox/setup earlier

.cache/samtools-test/.ready: .venv/.ready
	sandbox/setup igv

.PHONY: help setup demo demo-igv check test nightly lint lint-style lint-sanity unit unit-fast unit-sandbox
.PHONY: unit-sandbox-if-changed setup-all sanity-newest molecule molecule-all e2e e2e-all sanity bench docs clean

help: ## what can be made
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

setup: .venv/.ready ## install the tools into .venv

setup-all: .cache/samtools-test/.ready

demo: .venv/.ready ## a private Neuroglancer on this machine: sandbox, site.yml, a browser that signs in
	python -m sandbox.demo.viewer

demo-igv: .cache/samtools-test/.ready ## the backend of IGV Desktop on this machine: igv/site.yml, a sign-in, the reads of a private BAM, IGV's picture
	python -m sandbox.demo.igv

check: ## while working: style, and the unit tests that take seconds; under three minutes
	python3 tests/tiers.py check

test: ## what decides whether a change lands: lint, unit tests, Molecule, end to end in the sandbox; half an hour
	python3 tests/tiers.py test

nightly: ## everything: what `make test` leaves out (CONTRIBUTING.md) too
	python3 tests/tiers.py nightly

lint: .venv/.ready ## ruff, yamllint, changelog fragments, ansible-lint, ansible-test sanity, antsibull-docs
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-style lint-sanity

lint-style: .venv/.ready
	ruff check .
	ruff format --check .
	yamllint --strict .
	antsibull-changelog lint
	ansible-lint

lint-sanity: .venv/.ready
	tests/sanity/run

unit: .venv/.ready ## logic, in tables of cases
	python -m pytest $(IN_PARALLEL) $(BY_DAY) tests/unit --ignore=tests/unit/sandbox

unit-fast: .venv/.ready
	python -m pytest $(IN_PARALLEL) $(BY_DAY) $(FAST)

unit-sandbox: .venv/.ready ## the sandbox's own tests
	tests/unit/sandbox/run always

unit-sandbox-if-changed: .venv/.ready
	tests/unit/sandbox/run

molecule: .venv/.ready ## the roles of the host together, on Debian hosts in containers
	molecule/run host

molecule-all: .venv/.ready ## each role of the host alone, too
	molecule/run

e2e: .cache/samtools-test/.ready ## the sandbox, site.yml, plain clients and a real browser
	python -m pytest $(BY_DAY) tests/e2e

e2e-all: .cache/samtools-test/.ready .cache/earlier/.ready
	python -m pytest tests/e2e

sanity-newest: .cache/newest/.ready
	tests/sanity/run newest

sanity: .cache/newest/.ready ## lint's ansible-test sanity, and once more with the newest ansible-core and the tests of the modules
	tests/sanity/run
	tests/sanity/run newest

bench: .venv/.ready .cache/earlier/.ready ## speed: what waiting for AWS adds to a first run, what a second one costs, what a visitor waits for
	python -m tests.bench

docs: .venv/.ready ## what is generated: role READMEs, reference, policies, tables of costs and failures
	python docs/generate.py

clean: ## the sandbox and all that was installed here, away (Debian packages stay)
	if [ -x .venv/bin/python ]; then python -m sandbox down --purge; fi
	rm -rf .venv .cache .ansible .pytest_cache .ruff_cache tests/oracle/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
