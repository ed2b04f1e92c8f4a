# `make` lists what there is.

include {{cookiecutter.project_slug}}/plinth/uv.mk

.DEFAULT_GOAL := help
.PHONY: help new test mutations scale lint bench services

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

new: .venv/bin/python ## Bake a project beside this folder (ARGS="--no-input -o DIR project_name=...")
	@$(call sync,--only-group new --inexact)
	@.venv/bin/python bake.py $(value ARGS)

test: .venv/bin/python ## Run all tests (ARGS="-k answers")
	@$(call sync,--group test)
	@$(UV) run --no-sync pytest $(value ARGS)

mutations: .venv/bin/python ## Break each practice in every way that is known, and see its proof fail
	@$(call sync,--group test)
	@$(UV) run --no-sync pytest -m mutation $(value ARGS)

scale: .venv/bin/python ## Run the tests that take minutes: a million rows
	@$(call sync,--group test)
	@$(UV) run --no-sync pytest -m scale $(value ARGS)

lint: .venv/bin/python ## Check the style of the template's own code
	@$(call sync,--group test)
	@.venv/bin/pre-commit run --all-files

services: .venv/bin/python ## Install the servers and tools that tests use, where they are missing
	@$(call sync,--group test)
	@.venv/bin/python -m tests.services

bench: .venv/bin/python ## Measure the bake, and what it bakes, against the least that does the same
	@$(call sync,--only-group new --inexact)
	@.venv/bin/python benchmarks/bench.py
