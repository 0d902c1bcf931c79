# The commands of this project. `make run` and `make test` need nothing but Python and make.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test slow lint types test-datasets3 test-hub1 bench models figures clean

run: .venv/installed-run
	$(BIN)/mnist1d-hf quickstart

test: .venv/installed-test
	$(BIN)/python -m pytest

# The tests that take longer than a minute.
slow: .venv/installed-test
	$(BIN)/python -m pytest -m slow

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-test
	$(BIN)/mypy

# The builder with the last release of datasets that runs loading scripts.
test-datasets3: .venv-datasets3/installed
	.venv-datasets3/bin/python -m pytest tests/dataset/test_mnist1d.py tests/dataset/test_registration.py

# The Hub with the oldest huggingface_hub that the project allows, laid over the environment of the tests.
test-hub1: .venv/installed-test .hub1/installed
	PYTHONPATH=.hub1 $(BIN)/python -m pytest tests/hub tests/hub_server tests/cli/test_publish.py

bench: .venv/installed-test
	$(BIN)/python benchmarks/generation.py
	$(BIN)/python benchmarks/loading.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/publishing.py
	$(BIN)/python benchmarks/experiments.py

# Trains everything that is in models/ again, in about a quarter of an hour on two cores.
models: .venv/installed-test
	$(BIN)/mnist1d-hf train --output models
	$(BIN)/mnist1d-hf train --output models --model cnn --config large
	$(BIN)/mnist1d-hf train --output models --recipe paper

# Draws the figures of the dataset card again, after the generator or the plots changed.
figures: .venv/installed-run
	$(BIN)/mnist1d-hf plot samples --output dataset_card/figures/samples.png
	$(BIN)/mnist1d-hf plot construction --output dataset_card/figures/construction.png

clean:
	rm -rf .venv .venv-datasets3 .hub1 build dist

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed-run: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e '.[all]'
	touch $@

.venv/installed-test: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e '.[test,lint]'
	touch $@

.venv-datasets3/installed: pyproject.toml constraints-datasets3.txt
	$(PYTHON) -m venv .venv-datasets3
	.venv-datasets3/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-datasets3.txt -e . pytest
	touch $@

.hub1/installed: .venv/installed-test
	rm -rf .hub1
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target .hub1 huggingface_hub==1.31.0
	touch $@
