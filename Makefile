# make demo: from nothing to a table and a report.   make test: what must hold.   make programs: the same with real
# browsers, servers, trackers and kills, which the tests of make test leave out.   make docs: the site.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
TORCH = $(shell grep '^torch==' constraints.txt)

.PHONY: demo test programs install lint types imports pytest compiler docs clean

demo: $(VENV)/train
	$(BIN)/seedwise demo

test: lint types imports pytest

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# torch comes first and alone, so that nothing else decides its version.
$(VENV)/train: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) $(TORCH)
	$(PIP) --editable '.[train]'
	touch $@

$(VENV)/dev: $(VENV)/train
	$(PIP) --editable '.[train,dev]'
	touch $@

$(VENV)/docs: $(VENV)/dev
	$(PIP) --editable '.[train,docs]'
	touch $@

install: $(VENV)/dev

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

imports: $(VENV)/dev
	$(BIN)/lint-imports

# Two processes: the machine that this is measured on has two cores.
PYTEST = $(BIN)/python -m pytest -n 2 --dist worksteal --durations=15

pytest: $(VENV)/dev compiler
	$(PYTEST) -m "not programs"

programs: $(VENV)/dev
	$(PYTEST) -m programs tests --ignore tests/execution/test_ray.py
	$(BIN)/python -m pytest tests/execution/test_ray.py --durations=5  # one cluster after the other

# The site, in build/docs: open index.html, no server and no network needed. Nothing is executed here: the blocks of the
# pages are run by the tests in tests/docs, and those of docstrings by pytest's doctests.
docs: $(VENV)/docs
	$(BIN)/python -m sphinx -W --keep-going -q -j 2 -b html docs build/docs

# torch.compile builds C++.
compiler:
	@command -v c++ >/dev/null || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq \
	  && apt-get install -y -qq g++ >/dev/null; } || { echo "torch.compile needs a C++ compiler: install g++"; exit 1; }

clean:
	rm -rf $(VENV) build dist docs/api .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
