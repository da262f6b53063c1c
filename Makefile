# Everything a person or CI does with Bilet. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PY := .venv/bin/python
BILET := .venv/bin/bilet
# Every process of the system would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/installed: requirements.lock pyproject.toml setup.py
	rm -rf .venv
	python=$${PYTHON:-$$(python3 tests/images/interpreter.py)} && "$$python" -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(PY) -c 'import os, sysconfig; open(sysconfig.get_path("purelib") + "/checkout.pth", "w").write(os.getcwd())'
	touch $@

.PHONY: setup
setup: .venv/installed ## the Python environment in .venv, every package pinned with its hash (PYTHON=)

.PHONY: demo
demo: setup ## the whole system here, playing a season (SCENARIO= SCALE= KEEP= PORT= EXIT=1)
	@$(BILET) demo $${SCENARIO:+--scenario "$$SCENARIO"} $${SCALE:+--scale "$$SCALE"} \
		$${KEEP:+--keep "$$KEEP"} $${PORT:+--port "$$PORT"} $${EXIT:+--exit}

.PHONY: test
test: setup ## every test that needs no more than this machine, three files at a time, each with servers of its own
	$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests/e2e tests/integration tests/contract tests/unit

.PHONY: thorough
thorough: setup ## properties, documented answers, hostile requests and larger random seasons, for an hour that is free
	$(PY) -m pytest -n 2 --timeout 1200 --hypothesis-profile thorough tests/unit tests/e2e/test_unexpected.py \
		tests/e2e/test_scenarios.py tests/integration/shared/test_hostile_input.py

.PHONY: bench
bench: setup ## benchmarks with their bounds; writes tests/bench/RESULTS.md
	$(PY) -m pytest -s --timeout 1200 tests/bench

.PHONY: unit
unit: setup ## the tests that need no server
	$(PY) -m pytest -q tests/unit tests/contract

TYPESCRIPT := 5.9.3
TYPESCRIPT_SHA512 := 8e5d6f6733c38a72ebf5e52ddc9feded5e8580d130f508ef04f772b33f4a7d00c3e357d0ac2d98e2f290762694a454f86d795bd511e12e9a7cc2d9ba3394e04b

# Only its compiler is used, which needs no other package.
.cache/typescript/$(TYPESCRIPT): .venv/installed
	rm -rf .cache/typescript && mkdir -p $@.new
	cd .cache/typescript && PATH="$(CURDIR)/.venv/bin:$$PATH" npm pack --silent typescript@$(TYPESCRIPT)
	cd .cache/typescript && echo "$(TYPESCRIPT_SHA512)  typescript-$(TYPESCRIPT).tgz" | sha512sum --check --quiet
	tar -xzf .cache/typescript/typescript-$(TYPESCRIPT).tgz -C $@.new && mv $@.new $@

.PHONY: check
check: setup .cache/typescript/$(TYPESCRIPT) ## formatting, lint, types, import rules, generated files up to date, contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/node .cache/typescript/$(TYPESCRIPT)/package/bin/tsc --project tsconfig.json
	.venv/bin/lint-imports --no-cache
	$(PY) -m shared.contracts.export --check
	$(PY) -m pytest -q tests/contract

.PHONY: chaos
chaos: setup ## kills and pauses of every process under load, with invariants
	$(PY) -m pytest tests/chaos

COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: lock
lock: setup ## pin the newest allowed versions with their hashes
	$(PY) -m pip install --quiet uv
	$(COMPILE) --all-extras --upgrade pyproject.toml --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock pyproject.toml --output-file deploy/images.lock
	$(COMPILE) --constraint requirements.lock deploy/images/tools.in --output-file deploy/images/tools.lock
	sed -i '/^ *--find-links/d' requirements.lock deploy/images.lock deploy/images/tools.lock

.PHONY: contracts
contracts: setup ## regenerate schemas, samples and asyncapi.yaml from the registry
	$(PY) -m shared.contracts.export

BASE ?= python:3.11-slim-bookworm
# What the base can load: it has glibc 2.28 or newer. A package has a wheel for one of them.
PLATFORM ?= manylinux2014_x86_64 manylinux_2_17_x86_64 manylinux_2_28_x86_64
TAG ?= dev
IMAGES := registration trials notifications analytics gateway simulator

# A folder that is left half made would count as made: it gets its name last.
.cache/wheels: deploy/images.lock deploy/images/tools.lock
	rm -rf $@ $@.new
	for lock in $^; do $(PY) -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
		--only-binary=:all: --python-version 3.11 $(addprefix --platform ,$(PLATFORM)) --dest $@.new -r $$lock || exit; done
	mv $@.new $@

.PHONY: images
images: setup .cache/wheels ## the images bilet/<service>:dev by the Docker engine (BASE= TAG=)
	for image in $(IMAGES); do docker build --quiet --file deploy/Dockerfile --target $$image --tag bilet/$$image:$(TAG) \
		--build-arg BASE=$(BASE) --label org.opencontainers.image.version=$(TAG) \
		--label org.opencontainers.image.revision=$$(git rev-parse HEAD) . || exit; done
	docker image ls 'bilet/*'

# Of Java, what a broker may load.
MODULES := java.se,jdk.crypto.ec,jdk.management,jdk.unsupported,jdk.zipfs
COPY_JARS := org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies -DincludeScope=runtime

.cache/stand-ins/kafka: deploy/local/pom.xml
	rm -rf $@ $@.new
	jlink --no-header-files --no-man-pages --strip-java-debug-attributes --compress=2 --add-modules $(MODULES) --output $@.new/java
	mvn -B -q -f deploy/local/pom.xml $(COPY_JARS) -DoutputDirectory=$(abspath $@.new/libs)
	mv $@.new $@

.cache/stand-ins/mongo: tests/images/mongo/gather.py requirements.lock
	rm -rf $@ $@.new
	$(PY) -m tests.images.mongo.gather $@.new
	mv $@.new $@

.PHONY: stand-ins
stand-ins: setup .cache/stand-ins/kafka .cache/stand-ins/mongo ## images for tests where apache/kafka and mongo cannot be pulled (BASE=)
	for name in kafka mongo; do cp -rp tests/images/$$name/. .cache/stand-ins/$$name && docker build --quiet \
		--tag bilet/stand-in-$$name:$(TAG) --build-arg BASE=$(BASE) .cache/stand-ins/$$name || exit; done

# Before the images are built: without it every test would be skipped, and nothing fail.
.PHONY: kubeconfig
kubeconfig:
	@: "$${KUBECONFIG:?is not set: it names the cluster to test on}"

# The release before: what an upgrade is tried from.
BEFORE ?= c0cb0f8

.cache/before/$(BEFORE):
	rm -rf .cache/before && mkdir -p .cache/before
	git archive $(BEFORE) | tar -x -C .cache/before
	touch $@

.PHONY: upgrade-test
upgrade-test: setup .cache/before/$(BEFORE) ## a season played by the release before goes on with this one, and back (BEFORE= SCALE=)
	$(MAKE) -C .cache/before setup
	$(PY) -m pytest tests/upgrade

.PHONY: images-before
images-before: .cache/before/$(BEFORE) ## the images bilet/<service>:before of the release before, for the way from it (BEFORE= BASE=)
	$(MAKE) -C .cache/before images TAG=before

.PHONY: cluster-test
cluster-test: kubeconfig images images-before ## a season, and an upgrade and back, on the cluster of KUBECONFIG (SCALE= BASE= CLUSTER_LOAD= BILET_KAFKA_IMAGE= BILET_MONGO_IMAGE=)
	$(PY) -m pytest -s tests/cluster

# Why the tests of the whole system would be skipped; they need all that any other needs.
UNTRIED := from tests.containers.test_system import pytestmark as marks; skipped, said = marks[0].args[0], marks[0].kwargs["reason"]
NAMED := (DOCKER_HOST, BILET_KAFKA_IMAGE and BILET_MONGO_IMAGE say which)

.PHONY: containers-test
containers-test: setup ## the images, and the system by Docker alone (after `make images`; DOCKER_HOST= BILET_KAFKA_IMAGE= BILET_MONGO_IMAGE=)
	@$(PY) -c '$(UNTRIED); raise SystemExit(skipped and f"{said} $(NAMED)")'
	$(PY) -m pytest tests/containers
