# make demo: train, look, save. make test: what must hold. Only Python 3.11 or newer and make are needed.
PYTHON ?= python3
BIN := .venv/bin

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -e . pytest pytest-randomly hypothesis ruff mypy coverage
	touch $@

.PHONY: test demo check
test: .venv/ready
	$(BIN)/python -m pytest

demo: .venv/ready
	$(BIN)/python examples/demo.py

check: .venv/ready
	$(BIN)/ruff check src tests
