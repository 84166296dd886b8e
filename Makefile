# Two commands matter: `make demo` and `make test`. Both install what they need (Debian or Ubuntu, python3, root or sudo).
SHELL := /bin/sh
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.venv/.ready: requirements.txt requirements-dev.txt constraints.txt sandbox/setup
	sandbox/setup

.cache/newest/.ready: .venv/.ready
	sandbox/setup newest

.cache/samtools-test/.ready: .venv/.ready
	sandbox/setup igv

.PHONY: help setup demo demo-igv test lint lint-style lint-sanity unit molecule e2e sanity bench docs clean

help: ## what can be made
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

setup: .venv/.ready ## install the tools into .venv

demo: .venv/.ready ## a private Neuroglancer on this machine: sandbox, site.yml, a browser that signs in
	python -m sandbox.demo.viewer

demo-igv: .cache/samtools-test/.ready ## the backend of IGV Desktop on this machine: igv.yml, a sign-in, the reads of a private BAM, IGV's picture
	python -m sandbox.demo.igv

test: lint unit molecule e2e ## all checks, fast ones first

lint: .venv/.ready ## ruff, yamllint, changelog fragments, ansible-lint, ansible-test sanity, antsibull-docs
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-style lint-sanity

lint-style:
	ruff check .
	ruff format --check .
	yamllint --strict .
	antsibull-changelog lint
	ansible-lint

lint-sanity:
	tests/sanity/run

unit: .venv/.ready ## logic, in tables of cases
	python -m pytest --numprocesses=auto --dist=worksteal tests/unit

molecule: .venv/.ready ## each role of the host alone, and all of them, on Debian hosts in containers
	molecule/run

e2e: .cache/samtools-test/.ready ## the sandbox, site.yml, plain clients and a real browser
	python -m pytest tests/e2e

sanity: .cache/newest/.ready ## lint's ansible-test sanity, and once more with the newest ansible-core and the tests of the modules
	tests/sanity/run
	tests/sanity/run newest

bench: .venv/.ready ## speed: what waiting for AWS adds to a first run, what a second one costs, what a visitor waits for
	python -m tests.bench

docs: .venv/.ready ## what is generated: role READMEs, reference, policies, tables of costs and failures
	python docs/generate.py

clean: ## the sandbox and all that was installed here, away (Debian packages stay)
	if [ -x .venv/bin/python ]; then python -m sandbox down --purge; fi
	rm -rf .venv .cache .ansible .pytest_cache .ruff_cache tests/oracle/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
