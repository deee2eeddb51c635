# Two commands are all a newcomer needs: `make demo` and `make test`. Both make their own environment first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test compose-test bench faults contracts clean
.DEFAULT_GOAL := demo

$(BIN)/zhucun: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV=.venv $(BIN)/uv sync --quiet --frozen --active --inexact --compile-bytecode
	@touch $@

# What the bench compares with is large, and nothing else needs it.
.venv/bench: $(BIN)/zhucun
	@VIRTUAL_ENV=.venv $(BIN)/uv sync --quiet --frozen --active --inexact --compile-bytecode --group bench
	@touch $@

demo: $(BIN)/zhucun
	@$(BIN)/zhucun demo $(ARGS)

test: $(BIN)/zhucun
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --verbose
	$(BIN)/pytest $(ARGS)

bench: .venv/bench
	@$(BIN)/python -m tests.bench $(ARGS)

# The composed system for real, with the docker or podman of this machine.
compose-test: $(BIN)/zhucun
	@$(BIN)/python -m tests.compose $(ARGS)

faults: $(BIN)/zhucun
	@$(BIN)/python -m tests.faults $(ARGS)

contracts: $(BIN)/zhucun
	@$(BIN)/zhucun contracts

clean:
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
