# Everything a person or CI does with Bilet. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PY := .venv/bin/python
SCALE ?= 1
SCENARIO ?= deploy/scenarios/rostov-2020

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/installed: requirements.lock pyproject.toml
	rm -rf .venv
	python=$$(python3 deploy/local/interpreter.py) && "$$python" -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.PHONY: setup
setup: .venv/installed ## the Python environment in .venv, every package pinned with its hash

.PHONY: demo
demo: setup ## the whole system here, playing a season (SCENARIO= SCALE= KEEP= PORT= EXIT=1)
	@$(PY) -m deploy.cli demo --scenario $(SCENARIO) --scale $(SCALE) \
		$(if $(KEEP),--keep $(KEEP)) $(if $(PORT),--port $(PORT)) $(if $(EXIT),--exit)

.PHONY: test
test: setup ## every test that needs no more than this machine
	$(PY) -m pytest tests/unit tests/contract tests/integration tests/e2e

.PHONY: unit
unit: setup ## the tests that need no server
	$(PY) -m pytest -q tests/unit tests/contract

.PHONY: check
check: setup ## formatting, lint, types, import rules, generated files up to date, contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	$(PY) -m shared.contracts.export --check
	$(PY) -m pytest -q tests/contract

.PHONY: chaos
chaos: setup ## kills and pauses of every process under load, with invariants
	$(PY) -m pytest tests/chaos

.PHONY: lock
lock: setup ## pin the newest allowed versions with their hashes
	$(PY) -m pip install --quiet uv
	.venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --all-extras \
		--generate-hashes --no-emit-index-url --no-header --upgrade --output-file requirements.lock
	sed -i '/^ *--find-links/d' requirements.lock

.PHONY: contracts
contracts: setup ## regenerate schemas, samples and asyncapi.yaml from the registry
	$(PY) -m shared.contracts.export
