# Two commands are all a newcomer needs: `make demo` and `make test`. Both make their own environment first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test mutants compose-test bench faults contracts migration help clean
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

demo: $(BIN)/zhucun  ## Benxi's 72 villages, three years, through the real services (ARGS=--stay, --resume)
	@$(BIN)/zhucun demo $(ARGS)

# Files in their own order: sorted by how many tests they have, the longest test, alone in its file, would come last.
test: $(BIN)/zhucun  ## everything that guards it (ARGS=tests/dispatch)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --verbose
	$(BIN)/pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder $(ARGS)

mutants: $(BIN)/zhucun  ## change the rules at random, and list what no test notices (ARGS="--seed 7 --sample 200")
	@$(BIN)/python -m tests.mutants $(ARGS)

bench: .venv/bench  ## what it costs, beside what users would pick instead (ARGS=--compare, --whole)
	@$(BIN)/python -m tests.bench $(ARGS)

compose-test: $(BIN)/zhucun  ## the composed system for real, with the docker or podman of this machine
	@$(BIN)/python -m tests.compose $(ARGS)

faults: $(BIN)/zhucun  ## a county is played while servers, disks and processes fail (ARGS=--only …)
	@$(BIN)/python -m tests.faults $(ARGS)

contracts: $(BIN)/zhucun  ## write the documents that are made from the code
	@$(BIN)/zhucun contracts

migration: $(BIN)/zhucun  ## the next revision of a service's schema (SERVICE=dispatch MESSAGE="squads by unit")
	@$(BIN)/python -m shared.migrations $(SERVICE) "$(MESSAGE)"

help:  ## this list
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

clean:  ## remove what was built, never data
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
