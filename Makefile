# make test: all that .ci/run runs. make demo: see it work. Both set themselves up in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python

FUZZ ?= 20000

# The end-to-end tests in two halves, which take about as long as each other, and run side by side.
FIRST := $(wildcard tests/e2e/[a-o]*_test.py)
SECOND := $(filter-out $(FIRST),$(wildcard tests/e2e/*_test.py)) tests/conformance
# What a target prints stays together, where make can do that.
WHOLE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: test lint unit e2e e2e-first e2e-second fuzz demo demo-shell pictures bench dist clean

test: lint
	$(MAKE) --jobs=2 $(WHOLE) unit e2e-first e2e-second

$(VENV)/.installed: setup.cfg setup.py
	$(PYTHON) -m venv $(VENV)
# compat: else every start of this Python, which the bench measures, would load setuptools' finder.
	$(BIN)/python -m pip install --quiet --editable '.[kubectl,dev]' --config-settings editable_mode=compat
	@touch $@

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/.installed
	$(RUN) -m pytest -q --ignore=tests/e2e --ignore=tests/conformance

e2e: e2e-first e2e-second

e2e-first: $(VENV)/.installed
	$(RUN) -m pytest -q $(FIRST)

e2e-second: $(VENV)/.installed
	$(RUN) -m pytest -q $(SECOND)

# Each property test with FUZZ cases.
fuzz: $(VENV)/.installed
	FUZZ=$(FUZZ) $(RUN) -m pytest -q -m 'hypothesis or fuzz'

demo: $(VENV)/.installed
	@$(RUN) -m fixtures.demo

demo-shell: $(VENV)/.installed
	@$(RUN) -m fixtures.demo --shell

# README's picture, from a real run on the demo's fleet.
pictures: $(VENV)/.installed
	$(RUN) -m tests.pictures

bench: $(VENV)/.installed
	$(RUN) -m tests.bench

# A release's files, in dist/. For krew's manifest: where they will be, and the project's page.
URL ?=
HOMEPAGE ?=
dist: $(VENV)/.installed
	@$(RUN) -m tests.distribution --url='$(URL)' --homepage='$(HOMEPAGE)'

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
