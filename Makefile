# Needs Python 3.11, 3.12 or 3.13 and nothing else; everything goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.dev-ready

.PHONY: demo test lint types check real postgis bench lock clean

demo: $(READY)
	$(BIN)/circles demo --out demo

test: $(DEV_READY)
	$(BIN)/python -m pytest -m "not real and not browser and not faults and not postgis" -n auto
	$(BIN)/python -m pytest --nbmake notebooks

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_READY)
	$(BIN)/mypy

check: lint types test

# Needs CIRCLES_REAL_DATA (a folder of real extracts), CIRCLES_POLICY_TEXTS (the texts of the policy
# documents that the bundled standards quote), headless Chromium, LibreOffice and poppler; and a
# Linux where one may mount file systems of one's own.
real: $(DEV_READY)
	$(BIN)/python -m pytest -m "real or browser or faults"

# Beside a PostgreSQL server with PostGIS that is started for it and stopped after it.
postgis: $(DEV_READY)
	.ci/postgres $(BIN)/python -m pytest -m postgis

# Beside other engines on the same extracts: about an hour, and a virtual environment of its own.
bench: $(DEV_READY)
	$(BIN)/python -m benchmarks --out benchmarks/results

# Exact versions with hashes; needs uv. The second file holds what tests and checks need besides.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --quiet
lock:
	$(LOCK) --group build --output-file requirements.lock
	$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "circles needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(READY): requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements-dev.lock $(READY)
	$(PIP) --require-hashes --requirement requirements-dev.lock
	@touch $@
