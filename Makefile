# The commands of this project. `make run` and `make test` need nothing but Python and make.

PYTHON ?= python3
BIN := .venv/bin
PIP := -m pip --quiet --disable-pip-version-check
INSTALL := $(BIN)/python $(PIP) install -c constraints.txt
# Makes environments in seconds; interpreters are taken as found, never downloaded.
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/uv --quiet
# Parallel processes of one thread each; tests of one group share a process (see tests/conftest.py).
WORKERS ?= auto
PARALLEL := -n $(WORKERS) --maxprocesses 8 --dist loadgroup
# The tests start dozens of interpreters, each of which would compile the package again.
unexport PYTHONDONTWRITEBYTECODE
# Order of the tests: another seed, another order.
SEED ?= 1
# What needs no torch and runs in seconds.
FAST_TESTS := tests/dataset/test_parameters.py tests/dataset/test_templates.py tests/dataset/test_mnist1d.py \
	tests/utils/test_import_hooks.py
FAST_NEEDS := 'pytest>=8.4' 'hypothesis>=6.100' 'pytest-xdist>=3.6' mnist1d==0.0.2.post1

.PHONY: run test test-long slow lint fix types test-datasets3 test-aeon test-hub1 test-pythons test-lowest release-check bench models figures clean

run: .venv/installed-run
	$(BIN)/mnist1d-hf quickstart

# The tests, and the examples in docstrings.
test: .venv/installed-test
	$(BIN)/python -m pytest $(PARALLEL) --randomly-seed=$(SEED) --cov --doctest-modules tests mnist1d_hf

# The tests that take several seconds each: commands in processes, whole experiments, every kind of fault.
test-long: .venv/installed-test
	$(BIN)/python -m pytest $(PARALLEL) --randomly-seed=$(SEED) -m 'long and not slow'

# The tests that take longer than a minute.
slow: .venv/installed-test
	$(BIN)/python -m pytest -m slow

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports --no-logo
	$(BIN)/zizmor --offline --quiet --pedantic .github/workflows
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

# Repairs what can be repaired without thinking.
fix: .venv/installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: .venv/installed-test
	$(BIN)/mypy

# The builder with the last release of datasets that runs loading scripts.
test-datasets3: .venv-datasets3/installed
	.venv-datasets3/bin/python -m pytest $(PARALLEL) -m 'not slow' tests/dataset/test_mnist1d.py tests/dataset/test_registration.py \
		tests/dataset/test_row_ranges.py

# The exports and the arrays with aeon, which does not go with the pinned versions.
test-aeon: .venv-aeon/installed
	.venv-aeon/bin/python -m pytest tests/dataset/test_aeon.py

# The Hub with the oldest huggingface_hub that the project allows, laid over the environment of the tests.
test-hub1: .venv/installed-test .hub1/installed
	PYTHONPATH=.hub1 $(BIN)/python -m pytest $(PARALLEL) tests/hub tests/hub_server tests/cli/test_publish.py

# What needs no torch, with the oldest and the newest Python, where they are installed.
test-pythons: test-python-3.10 test-python-3.13

test-python-%: .venv/installed-test
	@python=$$(.ci/find-python $*) || { echo "Python $* is not installed: its tests are skipped"; exit 0; }; set -ex; \
	$(UV) venv --clear --python "$$python" .venv-$*; \
	$(UV) pip install --python .venv-$* -c constraints.txt -e . $(FAST_NEEDS); \
	.venv-$*/bin/python -m pytest $(PARALLEL) $(FAST_TESTS)

# The same with the lowest versions that pyproject.toml allows, and the oldest Python that is found; they may warn of what their own
# dependencies deprecate by now. The lowest torch is not tried: it comes with gigabytes of CUDA packages.
test-lowest: .venv/installed-test
	$(UV) venv --clear --python "$$(.ci/find-python 3.10 || command -v $(PYTHON))" .venv-lowest
	$(UV) pip install --python .venv-lowest --resolution lowest-direct -e '.[plot]' $(FAST_NEEDS)
	.venv-lowest/bin/python -m pytest $(PARALLEL) -W default $(FAST_TESTS)

# Builds the sdist, and the wheel from it; installs the sdist in a new environment and uses it there: first without torch, then
# with the libraries of the tests behind its own. The tests have to find all they need in the sdist.
release-check: .venv/installed-test
	rm -rf dist
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m build --installer pip
	$(BIN)/twine check --strict dist/*
	.ci/check-release $(BIN)

bench: .venv/installed-test
	$(BIN)/python benchmarks/generation.py
	$(BIN)/python benchmarks/building.py
	$(BIN)/python benchmarks/loading.py
	$(BIN)/python benchmarks/batches.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/benchmarking.py
	$(BIN)/python benchmarks/publishing.py
	$(BIN)/python benchmarks/experiments.py
	$(BIN)/python benchmarks/demo.py

# Trains everything that is in models/ again, in about an hour on two cores.
models: .venv/installed-test
	$(BIN)/mnist1d-hf train --output models --task default --task shuffled --task noisy --task few
	$(BIN)/mnist1d-hf train --output models --task large --model cnn
	$(BIN)/mnist1d-hf train --output models --recipe paper
	$(BIN)/mnist1d-hf train --output models --recipe paper-4000
	$(BIN)/mnist1d-hf train --output models --recipe paper-256
	$(BIN)/mnist1d-hf train --output models --reference --task default --task shuffled --task noisy --task few

# Draws the figures of the dataset card again, after the generator or the plots changed.
figures: .venv/installed-run
	$(BIN)/mnist1d-hf plot samples --output dataset_card/figures/samples.png
	$(BIN)/mnist1d-hf plot construction --output dataset_card/figures/construction.png

clean:
	rm -rf .venv .venv-* .hub1 build dist .coverage

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
	.venv-datasets3/bin/python $(PIP) install -c constraints-datasets3.txt -e . pytest pytest-xdist 'hypothesis>=6.100'
	touch $@

.venv-aeon/installed: pyproject.toml
	$(PYTHON) -m venv .venv-aeon
	.venv-aeon/bin/python $(PIP) install -e . 'aeon>=1.6' pytest 'hypothesis>=6.100'
	touch $@

.hub1/installed: .venv/installed-test
	rm -rf .hub1
	$(BIN)/python $(PIP) install --target .hub1 huggingface_hub==1.31.0
	touch $@
