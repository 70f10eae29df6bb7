PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find harbour -name '*.py')

.PHONY: all lint test docs clean

all: lint test

$(VENV)/done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -e .[test]
	touch $@

lint: $(VENV)/done
	$(BIN)/ruff check harbour tests
	$(BIN)/mypy harbour

test: $(VENV)/done
	$(BIN)/pytest -q

docs: $(VENV)/done
	$(BIN)/mkdocs build

dist: $(SOURCES)
	rm -rf dist
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) dist site
	find . -name __pycache__ -exec rm -rf {} +
