# `make` lists what there is.

include {{cookiecutter.project_slug}}/uv.mk

.DEFAULT_GOAL := help
.PHONY: help new test scale lint bench services

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

new: .venv/bin/python ## Bake a project: asks, then writes it (ARGS="--no-input -o DIR project_name=...")
	@git clean --force -dX --quiet -- '{{cookiecutter.project_slug}}' 2>/dev/null || true
	@$(UV) run --quiet --only-group new python -c "$$COOKIECUTTER" . $(ARGS)

# What git ignores goes first: caches of tools that ran in the template would be baked in.
# Where an answer is refused, Cookiecutter shows a traceback too: the refusal will do.
define COOKIECUTTER
import logging, sys
from cookiecutter.cli import main

logging.disable()
sys.excepthook = lambda kind, error, trace: print(error, file=sys.stderr)
main(prog_name="cookiecutter")
endef
export COOKIECUTTER

test: .venv/bin/python ## Run all tests (ARGS="-k answers")
	@$(UV) run --quiet --group test pytest $(ARGS)

scale: .venv/bin/python ## Run the tests that take minutes: a million rows
	@$(UV) run --quiet --group test pytest -m scale $(ARGS)

lint: .venv/bin/python ## Check the style of the template's own code
	@$(UV) run --quiet --group test ruff check .
	@$(UV) run --quiet --group test ruff format --check .

services: .venv/bin/python ## Install the servers and tools that tests use, where they are missing
	@$(UV) run --quiet --group test python -m tests.services

bench: .venv/bin/python ## Measure the bake, and what it bakes, against the least that does the same
	@$(UV) run --quiet --only-group new python benchmarks/bench.py
