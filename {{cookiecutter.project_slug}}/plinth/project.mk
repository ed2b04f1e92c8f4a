# The template's targets. Your own go into ../Makefile; the first that you call sets up what
# it needs.

include plinth/uv.mk

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PORT ?= 8000
PROVE_JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.DELETE_ON_ERROR:
.PHONY: help setup run test prove lint fix practices bench check ci migrate migrations superuser shell squash up down upgrade requirements audit clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/dev .env requirements.txt ## Install what `make run` needs; make .env with fresh secrets

run: setup ## Apply migrations and serve on http://localhost:8000 (PORT=8000)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) runserver $(PORT)

test: setup .venv/test ## Run your tests (ARGS="-k sign_in")
	@$(BIN)/pytest $(or $(ARGS),--numprocesses=auto)

prove: setup .venv/lint ## Run the proofs of the 73 practices against this project
	@$(MANAGE) practices --prove $(ARGS)

lint: setup .venv/lint ## Run every pre-commit hook on every file that git tracks, and mypy
	@git ls-files --error-unmatch manage.py >/dev/null 2>&1 || { echo "make lint checks what git tracks: git init && git add --all" >&2; exit 1; }
	@$(BIN)/pre-commit run --all-files
	@$(BIN)/mypy

ci: lint check test prove ## All that CI runs

fix: setup .venv/lint ## Fix what the linters can fix
	@$(BIN)/ruff check --fix --exit-zero --quiet
	@$(BIN)/ruff format --quiet
	@$(BIN)/djlint --quiet --reformat templates

practices: setup ## Show the 73 practices and their state here
	@$(MANAGE) practices $(ARGS)

bench: setup .venv/test ## Measure what the practices are worth here (ARGS="--rounds 10 --only home")
	@$(BIN)/python -m plinth.benchmarks.pages $(ARGS)
	@test -n "$(ARGS)" || $(BIN)/python -m plinth.benchmarks.stack
	@test -n "$(ARGS)" || $(BIN)/python -m plinth.benchmarks.image
	@test -n "$(ARGS)" || test ! -e config/celery.py || $(BIN)/python -m plinth.benchmarks.tasks

check: setup ## Run Django's system checks, of production's settings too
	@$(MANAGE) check
	@$(MANAGE) makemigrations --check --dry-run
	@$(MANAGE) check_production

migrate: setup ## Apply migrations
	@$(MANAGE) migrate

migrations: setup ## Write migrations for changed models
	@$(MANAGE) makemigrations

superuser: setup ## Create a superuser for the admin
	@$(MANAGE) createsuperuser

shell: setup ## Open a Python shell with the models imported
	@$(MANAGE) shell

squash: setup ## Squash an app's migrations (APP=accounts UPTO=0021)
	@$(MANAGE) squashmigrations $(APP) $(UPTO)

up: setup ## Serve on PostgreSQL and Redis, in containers, on http://localhost:8000
	@OWNER=$$(id -u):$$(id -g) docker compose up --build --detach --wait

down: ## Stop the containers; the data stays (ARGS=--volumes deletes it)
	@docker compose down $(ARGS)

ifneq ($(wildcard config/celery.py),)
.PHONY: worker flower

worker: setup ## Run a Celery worker with the schedule (needs CELERY_BROKER_URL)
	@$(BIN)/celery --app config.celery worker --beat

flower: setup ## Show tasks and workers on http://localhost:5555 (needs CELERY_BROKER_URL)
	@$(MANAGE) flower

endif
upgrade: setup ## Move every dependency to its newest compatible release
	@$(UV) lock --upgrade
	@$(MAKE) --no-print-directory setup

# Whatever the files' times say; a lock that does not match pyproject.toml fails.
requirements: ## Write requirements.txt as uv.lock has it
	@$(UV) export --quiet --offline --locked --no-dev --no-hashes --output-file requirements.txt

# Strict: without its service in reach it would find nothing, and say so.
audit: setup ## Look for known vulnerabilities in what production installs
	@$(UV) tool run --quiet --from 'pip-audit~=2.10' pip-audit --strict --disable-pip --no-deps --requirement requirements.txt

clean: ## Remove the environment and what the tools left
	@rm -rf .venv .uv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The files behind the targets. What runs the site is installed first, the rest when it is
# needed; --inexact lets the one leave the other alone.

.venv/dev: pyproject.toml plinth/pyproject.toml $(wildcard uv.lock) | .venv/bin/python
	@echo "Installing what pyproject.toml asks for..."
	@$(call sync,--inexact)
	@touch $@

.venv/test: .venv/dev
	@$(call sync,--inexact --group test)
	@touch $@

.venv/lint: .venv/test
	@echo "Installing the linters..."
	@$(call sync,--inexact --group test --group lint)
	@touch $@

requirements.txt: .venv/dev
	@$(MAKE) --no-print-directory requirements
	@touch $@

# Each secret its own, of characters that are safe in a URL and a shell.
.env: .env.example | .venv/dev
	@test -e $@ || (umask 077 && $(BIN)/python -c 'import re, secrets, sys; sys.stdout.write(re.sub("generated-at-set-up", lambda _: secrets.token_urlsafe(50), sys.stdin.read()))' < $< > $@)
	@touch $@
