# `make serve` and `make test` work on a fresh clone: they need Python 3.11 or newer and nothing else.

VENV ?= .venv
# Where `make serve` listens; left out, the settings say.
HOST ?=
PORT ?=
# A model for edits in doubt: the folder of its checkpoint, and a name that `fastapply models` lists.
MODEL ?=
PROFILE ?=

# The first Python on the path that is new enough; PYTHON=/path/to/python overrides the search.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help serve playground test test-gpu bench-gpu check load vsix format clean
.DEFAULT_GOAL := help

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST))

serve: $(VENV)/.installed$(if $(MODEL),-model) $(VENV)/.playground ## Start the service (on 127.0.0.1:8000, unless HOST, PORT or the settings say otherwise)
	@exec $(VENV)/bin/fastapply serve $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT)) \
		$(if $(MODEL),--model '$(MODEL)') $(if $(PROFILE),--profile '$(PROFILE)')

playground: $(VENV)/.installed ## The page at /, built from playground/ where that changed
	@$(VENV)/bin/python -m tools.playground --fetch-node && touch $(VENV)/.playground

test: check ## Linter, formatter, types and all tests
	$(VENV)/bin/python -m pytest -q --hypothesis-profile=ci

# On a machine with a GPU that has torch and the rest already; nothing is installed and nothing fetched.
GPU_PYTHON ?= python3
CASES ?= ../shared/cases/commits.jsonl.gz

test-gpu: ## What needs a CUDA device, with GPU_PYTHON=/path/to/python: kernels, parity, engine; installs nothing
	PYTHONPATH=. BACKEND_TEST_DEVICE=cuda $(GPU_PYTHON) -m pytest -q tests/gpu tests/backend/test_parity.py \
		tests/backend/test_engine_model.py tests/backend/test_graphs.py

bench-gpu: ## Every way of decoding at public models' shapes on a CUDA device; figures go to bench-gpu.json
	PYTHONPATH=. $(GPU_PYTHON) -m backend.bench --device cuda --cases $(CASES) --json $(or $(OUT),.)/bench-gpu.json

check: $(VENV)/.installed-dev ## Linter, formatter and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

load: $(VENV)/.installed-dev ## The service under load, with a report in loadtests/report (LOAD='--seconds 5 --soak 60')
	$(VENV)/bin/python -m loadtests $(LOAD)

vsix: $(VENV)/.installed ## The extension for VS Code, as a file in dist/ that `code --install-extension` takes
	@$(VENV)/bin/python -m tools.vsix --fetch-node

format: $(VENV)/.installed-dev ## Let the linter and the formatter mend what they can
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean: ## Remove the virtual environment and all caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist fastapply/api/playground/bundle

# A stamp is written last, so an installation that was cut short is taken up again.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(call ensure_venv)
	@echo "installing into $(VENV)" && $(PIP) --editable . && touch $@

$(VENV)/.installed-model: pyproject.toml constraints.txt
	@$(call ensure_venv)
	@echo "installing into $(VENV), with the engine for models" && $(PIP) --editable '.[model]' \
		&& touch $(VENV)/.installed $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	@$(call ensure_venv)
	@echo "installing into $(VENV), with the tools for tests" && $(PIP) --editable '.[dev]' \
		&& touch $(VENV)/.installed $(VENV)/.installed-model $@

# The service does without this page where it can't be built, and does not wait for it again: `make playground` does.
$(VENV)/.playground: $(wildcard playground/src/* playground/package-lock.json tools/*.py) | $(VENV)/.installed
	@$(VENV)/bin/python -m tools.playground --fetch-node || echo "The service starts without it;" \
		"make playground tries again." >&2; touch $@

define ensure_venv
$(VENV)/bin/python -c 'import pip' 2>/dev/null || { \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || { \
		echo "error: FastApply needs Python 3.11 or newer, and $(or $(PYTHON),$$(python3 --version 2>&1)) is not." \
		"Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "error: $(PYTHON) has no venv module." \
		"On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	echo "creating $(VENV) with $$("$(PYTHON)" --version)"; \
	"$(PYTHON)" -m venv --clear "$(VENV)" || exit 1; }
endef
