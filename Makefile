# Histoscope. `make app` and `make test` need nothing but Python 3.11+ and the network.
PYTHON ?= python3
VENV   := .venv
DOCS   := .venv-docs
BIN    := $(VENV)/bin
PORT   ?= 8501
PYTEST := $(BIN)/python -m pytest
# A file of versions for pip, such as constraints.txt, which has those that the tests ran on; the newest unless named.
CONSTRAINTS ?=
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(CONSTRAINTS),-c $(CONSTRAINTS))
# Threads sleep while they wait: spinning ones starve the browser, the server and each other of a small machine's cores.
export OMP_WAIT_POLICY ?= PASSIVE

LOWER  := .venv-lower
# Files whose docstrings have examples.
EXAMPLES = $(shell grep -rl --include='*.py' '>>>' histo_core pages scripts)

# A row of the table of soak tests each; `load` wants the machine to itself, so it comes last.
ROWS   := $(patsubst tests/soak/test_%.py,%,$(wildcard tests/soak/test_*.py))
ROWS   := $(filter-out load,$(ROWS)) $(filter load,$(ROWS))
SOAKS  := $(ROWS:%=soak-%)

.PHONY: app test check bench lock docs notebooks screenshots test-slow test-gpu test-lower test-wheel coverage soak $(SOAKS) chromium clean help

help:            ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 14
	@echo "soak-<row>    one of them, up to an hour: $(ROWS)"

app: $(VENV)/.app  ## start Histoscope on http://127.0.0.1:8501
	$(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(VENV)/.dev chromium  ## all tests but the slow, soak and gpu ones, two files at a time; then the docstrings' examples
	$(PYTEST) -n 2 --dist loadfile
	HISTOSCOPE_HOME=$$(mktemp -d) $(PYTEST) -q --doctest-modules $(EXAMPLES)

check: $(VENV)/.dev  ## static checks: ruff, types, direction of imports, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/codespell

bench: $(VENV)/.dev  ## ratios against named peers, measured in one run
	@for script in benchmarks/[a-z]*.py; do name=$$(basename "$$script" .py); echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

lock: $(VENV)/.dev  ## write requirements.lock and constraints.txt from requirements*.txt
	$(BIN)/python -m scripts.lock

docs: $(DOCS)/.docs  ## the documentation as a site, site/index.html: no warning, no dead link
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

notebooks: $(VENV)/.dev  ## the notebooks of examples/, from top to bottom
	$(PYTEST) -m slow tests/examples

screenshots: $(VENV)/.dev chromium  ## docs/screenshots: each page, light and dark, wide and narrow
	$(BIN)/python scripts/screenshots.py

test-slow: $(VENV)/.dev  ## tests that take minutes
	$(PYTEST) -m slow

soak:            ## kills, floods and hostile files, row by row: hours
	@failed=""; for row in $(ROWS); do $(MAKE) --no-print-directory soak-$$row || failed="$$failed $$row"; done; \
	  [ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

$(SOAKS): soak-%: $(VENV)/.dev
	@echo "== $*"
	$(PYTEST) -m soak -s -q tests/soak/test_$*.py

$(filter soak-naughty,$(SOAKS)): chromium

test-wheel: $(VENV)/.dev  ## the wheel with all that it needs from PyPI, in a fresh environment: gigabytes
	$(PYTEST) -m wheel tests/packaging

test-lower: $(VENV)/.dev chromium  ## all tests with the lowest versions of requirements.txt, in an environment of its own
	$(BIN)/python -m uv venv --quiet --seed --allow-existing $(LOWER)
	$(BIN)/python -m uv pip install --quiet --python $(LOWER) --resolution lowest-direct -r requirements-dev.txt
	$(LOWER)/bin/python -m pytest -n 2 --dist loadfile -W ignore::DeprecationWarning

coverage: $(VENV)/.dev chromium  ## all tests with coverage, held to a floor for each room
	$(PYTEST) -n 2 --dist loadfile --cov --cov-report=
	$(BIN)/python -m scripts.coverage_floors

test-gpu: $(VENV)/.dev  ## tests that need a CUDA device
	$(PYTEST) -m gpu

chromium:        ## find Chromium, or install Debian's
	@command -v "$${CHROMIUM:-chromium}" >/dev/null 2>&1 || command -v chromium-browser google-chrome >/dev/null 2>&1 || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium; } || \
	  { echo "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium) or name it in CHROMIUM." >&2; exit 1; }

# A stamp each, so that a second start installs nothing.
$(VENV)/.app: requirements.txt $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Histoscope needs Python 3.11 or newer: make app PYTHON=/path/to/python3.11" >&2; exit 1; }
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(PIP) -r requirements-dev.txt
	touch $@

# Apart from .venv: the site is made from the sources without importing them, and without PyTorch.
$(DOCS)/.docs: requirements-docs.txt
	[ -x $(DOCS)/bin/python ] || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.txt
	touch $@

clean:           ## remove the virtual environment and caches; the workspace with your runs stays
	rm -rf $(VENV) $(LOWER) $(DOCS) site .coverage .pytest_cache .ruff_cache .import_linter_cache
