# make demo: train, look, save. make test: what must hold. Only Python 3.11 or newer and make are needed.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check

.PHONY: help demo test check slow peers jax bench coverage oldest clean
help:
	@echo "make demo    train on a spiral and on handwritten digits; pictures and models in demo/"
	@echo "make test    the tests, about two minutes"
	@echo "make check   format, lint and types"
	@echo "make slow    killed and resumed runs, thousands of damaged files"
	@echo "make peers   against PyTorch, JAX and scikit-learn, where they are installed"
	@echo "make jax     the compiled engine against the NumPy engine"
	@echo "make bench   side by side with them, kept under benchmarks/results/"

demo: .venv/base
	$(BIN)/python examples/demo.py

test: .venv/test
	$(BIN)/python -m pytest -q

check: .venv/check
	$(BIN)/ruff format --check src tests examples tools
	$(BIN)/ruff check src tests examples tools
	$(BIN)/mypy

slow: .venv/test
	$(BIN)/python -m pytest -q -m slow

peers: .venv/peers
	$(BIN)/python -m pytest -q tests/peers

jax: .venv/peers
	$(BIN)/python -m pytest -q tests/compiled

bench: .venv/peers
	$(BIN)/python benchmarks/run.py

coverage: .venv/peers
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage run -m pytest -q tests/compiled
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --sort=cover --skip-covered --fail-under=95

# The lowest versions that pyproject.toml names, in an environment of their own.
oldest: .venv/oldest/ready
	.venv/oldest/bin/python -m pytest -q -p no:cacheprovider
.venv/oldest/ready: .venv/test
	$(BIN)/python -m venv .venv/oldest
	.venv/oldest/bin/python -m pip install -q --disable-pip-version-check "pip>=25.1"
	.venv/oldest/bin/python -m pip install -q --disable-pip-version-check -e . --group test "numpy==2.0.*" "click==8.1.*" "rich==13.*"
	@touch $@

clean:
	rm -rf .venv demo .pytest_cache .mypy_cache .ruff_cache .coverage*

# pip older than 25.1 does not know dependency groups, so it is brought up to date first.
.venv/base: pyproject.toml
	@test -n "$(PYTHON)" || { echo "pellucid needs Python 3.11 or newer: install it, or write make PYTHON=/path/to/python"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) "pip>=25.1"
	$(INSTALL) -e .
	@touch $@

.venv/test .venv/check: .venv/%: .venv/base
	$(INSTALL) --group $*
	@touch $@

# PyTorch is only a peer to compare with. Its plain package brings gigabytes of CUDA on Linux: choose your build.
TORCH ?= torch==2.13.0
.venv/peers: .venv/base
	$(INSTALL) --group peers "$(TORCH)"
	@touch $@
