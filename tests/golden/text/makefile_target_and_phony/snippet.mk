# ... existing code ...

.PHONY: all lint test docs dist clean format

all: lint test

# ... existing code ...

lint: $(VENV)/done
	$(BIN)/ruff check harbour tests
	$(BIN)/mypy harbour

format: $(VENV)/done
	$(BIN)/ruff format harbour tests

test: $(VENV)/done
	$(BIN)/pytest -q --cov=harbour

# ... existing code ...
