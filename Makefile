# Everything is set up inside the checkout. `make demo` and `make test` need Python 3.11+, make and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
QUICK := tests/core tests/features tests/imports/core tests/imports/features tests/locks tests/index/test_pages.py tests/index/test_fetch.py tests/test_tidy.py

.PHONY: help setup demo check editors test pythons lock clean

help:
	@echo "make demo    the main job on a project made for it; exit 1 if an edit is lost"
	@echo "make check   lint, types, unit tests (under a minute)"
	@echo "make test    everything, real editors too, and a part on the oldest and the newest Python here"
	@echo "make pythons kernel, server, adapters and command line on every supported Python here"
	@echo "make lock    pin the development dependencies anew"
	@echo "make vsix    build vscode-extension/pyproject-lsp.vsix (needs Node 20 or newer)"
	@echo "make install-vscode    build it and install it into VS Code"

setup: $(READY)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "pyproject-lsp needs Python 3.11 or newer; this is %s. Name another one: make PYTHON=python3.12" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q lsp_server demo
	@touch $(READY)

demo: setup
	$(BIN)/pyproject-lsp demo

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 lsp_server
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin lsp_server
	$(BIN)/pytest -q -n 2 $(QUICK)

editors: setup
	$(BIN)/python tests/vscode/install.py
	sh tests/emacs/install.sh
	sh tests/neovim/install.sh
	sh tests/cli/install.sh

test: check editors
	$(BIN)/python tests/vscode/install.py check
# What `check` has just run is not run again.
	$(BIN)/pytest -n 2 $(QUICK:%=--ignore=%)
	$(BIN)/python -m scripts.pythons

pythons: setup
	$(BIN)/python -m scripts.pythons --all

lock:
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --output-file requirements-dev.lock --upgrade

vsix: setup
	$(BIN)/python scripts/vsix.py $(VSIX_OPTIONS)

# CODE names another editor of the family, such as codium or cursor.
CODE ?= code
install-vscode:
	@command -v $(CODE) >/dev/null || { echo "'$(CODE)' is not on PATH. In VS Code: 'Shell Command: Install code command in PATH', or name it: make install-vscode CODE=codium"; exit 1; }
	$(MAKE) vsix VSIX_OPTIONS=--this-machine
	$(CODE) --install-extension vscode-extension/pyproject-lsp.vsix

clean:
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
