# The foundation's targets. ../Makefile holds your own, and shows how to replace one of these.
# Each installs what it needs at its first call.

include plinth/uv.mk

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
CRUFT := cruft~=2.16.0

comma := ,
needed = test -n "$(1)" || { echo "$(2)" >&2; exit 1; }
docker = docker compose version >/dev/null 2>&1 || { echo "This needs Docker with Compose: https://docs.docker.com/get-started/get-docker/" >&2; exit 1; }

.DELETE_ON_ERROR:
.PHONY: help setup editor run test prove lint fix check ci practices bench load profile migrate migrate-plan migrations messages app seed superuser shell squash up down update upgrade requirements audit sonar scan clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9_-]*:.*## / && !seen[$$1]++ {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/dev .env requirements.txt ## Install what `make run` needs; write .env with new secrets

# Each is one folder at the top of the project, which is then yours.
editor: ## Write run and debug configurations (NAME=vscode, pycharm or devcontainer)
	@$(call needed,$(filter $(notdir $(wildcard plinth/editors/*)),$(NAME)),Name the editor: make editor NAME=vscode$(comma) pycharm or devcontainer)
	@folder=$$(ls -A plinth/editors/$(NAME)); test ! -e $$folder || { echo "$$folder exists and stays as it is: delete it to get the foundation's." >&2; exit 1; }; \
	cp -R plinth/editors/$(NAME)/. . && echo "Wrote $$folder"

run: setup ## Apply migrations and serve on http://localhost:8000 (PORT=8001)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) runserver $(PORT)

test: setup .venv/test ## Run your tests (ARGS="-k sign_in")
	@$(BIN)/pytest $(or $(value ARGS),--numprocesses=auto)

prove: setup .venv/lint .venv/load ## Run the practices' proofs against this project
	@$(MANAGE) practices --prove $(value ARGS)

lint: setup .venv/lint ## Run all pre-commit hooks on the files in git, and mypy
	@git ls-files --error-unmatch manage.py >/dev/null 2>&1 || { echo "make lint checks the files in git: git init && git add --all" >&2; exit 1; }
	@$(repository) $(BIN)/pre-commit run --all-files; hooks=$$?; $(BIN)/mypy && exit $$hooks

# pre-commit runs at the top of a repository. In a folder of a larger one, that is a repository
# of the environment's, with the same files.
repository = test -z "$$(git rev-parse --show-prefix)" || { \
	export GIT_DIR=$(CURDIR)/.venv/lint.git GIT_WORK_TREE=$(CURDIR); git init --quiet && git add --all; };

fix: setup .venv/lint ## Fix what the linters can fix
	@$(BIN)/ruff check --fix --exit-zero --quiet
	@$(BIN)/ruff format --quiet
	@$(BIN)/djlint --quiet --reformat templates

check: setup .venv/lint ## Run Django's system checks, also with production settings
	@$(MANAGE) check
	@$(MANAGE) makemigrations --check --dry-run
	@$(MANAGE) lint_migrations
	@$(MANAGE) check_production

ci: lint check test prove ## Run all of lint, check, test and prove

practices: setup ## Show the 73 practices and their state here
	@$(MANAGE) practices $(value ARGS)

bench: setup .venv/test ## Measure what the practices are worth here (ARGS="--rounds 10 --only home")
	@$(BIN)/python -m plinth.benchmarks.pages $(value ARGS)
	@$(if $(value ARGS),:,false) || $(BIN)/python -m plinth.benchmarks.middleware
	@$(if $(value ARGS),:,false) || $(BIN)/python -m plinth.benchmarks.stack
	@$(if $(value ARGS),:,false) || $(BIN)/python -m plinth.benchmarks.asgi
	@$(if $(value ARGS),:,false) || $(BIN)/python -m plinth.benchmarks.image
	@$(if $(value ARGS),:,false) || test ! -e config/celery.py || $(BIN)/python -m plinth.benchmarks.tasks

load: setup .venv/load ## Run visitors' journeys against load.json (HOST=https://... USERS=20)
	@$(BIN)/python -m plinth.benchmarks.load_test $(if $(HOST),--host='$(HOST)') $(if $(USERS),--users=$(USERS)) $(if $(WRITES),--writes) $(value ARGS)

profile: setup ## Profile a page: flame graph, hottest functions (URL=/admin/ USER=you@example.com)
	@$(MANAGE) migrate --verbosity 0
	@$(BIN)/python -m plinth.profiling '$(or $(value URL),/)' $(if $(findstring command,$(origin USER)),--user '$(value USER)') $(value ARGS)

migrate: setup ## Apply migrations
	@$(MANAGE) migrate

migrate-plan: setup .venv/lint ## Show the SQL, locks and risks of unapplied migrations
	@$(MANAGE) migrate_plan

messages: setup ## Collect texts in locale/ for translation, and compile them (NAME=fr)
	@$(MANAGE) makemessages --no-location $(if $(NAME),--locale $(NAME),--all)
	@$(MANAGE) compilemessages --verbosity 0 --ignore .venv --ignore .uv --ignore plinth

migrations: setup ## Write migrations for changed models
	@$(MANAGE) makemigrations

app: setup ## Start an app with a model, a page and a test (NAME=blog)
	@$(call needed,$(NAME),Name the app: make app NAME=blog)
	@$(MANAGE) startapp $(NAME)

seed: setup ## Fill the database with made-up rows: each seed_* command of apps/
	@$(MANAGE) migrate --verbosity 0
	@$(foreach command,$(basename $(notdir $(wildcard apps/*/management/commands/seed_*.py))),$(MANAGE) $(command) $(value ARGS) &&) true
	@touch manage.py # The development server starts again: its process holds the cache.

superuser: setup ## Create a superuser for the admin
	@$(MANAGE) createsuperuser

shell: setup ## Open a Python shell with the models imported
	@$(MANAGE) shell

squash: setup ## Squash an app's migrations (APP=blog UPTO=0021)
	@$(call needed,$(and $(APP),$(UPTO)),Name the app and its last migration: make squash APP=blog UPTO=0021)
	@$(MANAGE) squashmigrations $(APP) $(UPTO)

up: setup ## Serve on PostgreSQL and Redis, in containers, on http://localhost:8000
	@$(docker)
	@OWNER=$$(id -u):$$(id -g) docker compose up --build --detach --wait

down: ## Stop the containers; the data stays (ARGS=--volumes deletes it)
	@$(docker)
	@docker compose down --remove-orphans $(value ARGS)

ifneq ($(wildcard config/celery.py),)
include plinth/celery.mk
endif

# cruft applies the difference between the template's version in .cruft.json and the newest.
# Without git's guess of renames: a moved file that you have changed stays, and the new one is
# complete.
update: export GIT_CONFIG_COUNT := 1
update: export GIT_CONFIG_KEY_0 := diff.renames
update: export GIT_CONFIG_VALUE_0 := false
update: .venv/bin/python ## Update to the template's newest version
	@test -e .cruft.json || { echo "No .cruft.json names the template; create it once: $(UV) tool run --from '$(CRUFT)' cruft link ADDRESS_OF_THE_TEMPLATE" >&2; exit 1; }
	@$(UV) tool run --quiet --from '$(CRUFT)' cruft update --skip-apply-ask $(value ARGS)
	@$(MAKE) --silent setup

upgrade: setup ## Upgrade every dependency to its newest compatible release
	@$(UV) lock --quiet --upgrade
	@$(MAKE) --silent setup

# Whatever the files' times say. Fails when uv.lock does not match pyproject.toml.
requirements: ## Write requirements.txt from uv.lock
	@$(UV) export --quiet --offline --locked --no-dev --no-hashes --output-file requirements.txt

# Strict, and of uv.lock. pip-audit exits with 1 for a vulnerability and for an error alike.
audit: setup ## Look for known vulnerabilities in production's packages
	@$(UV) export --quiet --offline --locked --no-dev --no-hashes --no-emit-local --output-file .venv/audit.txt
	@$(UV) tool run --quiet --from 'pip-audit~=2.10' pip-audit --strict --disable-pip --no-deps --progress-spinner off --requirement .venv/audit.txt $(value ARGS) 2>.venv/audit.log; code=$$?; \
	grep -E '^(No known|Found [0-9]+ known)' .venv/audit.log >&2 && exit $$code; \
	echo "Nothing was audited: $$(grep -E '^ERROR|^error|Error: ' .venv/audit.log | tail -n 1 | cut -c1-300)" >&2; exit 2

# Name, version and Python come from pyproject.toml. It fails when the quality gate does.
sonar: export SONAR_HOST_URL ?= http://localhost:9000
sonar: properties := projectKey=$(notdir $(CURDIR)) sources=apps,config,static,templates tests=tests exclusions=**/migrations/** coverage.exclusions=** qualitygate.wait=true
sonar: setup ## Analyse the code with a SonarQube server (docs/profiling.md)
	@$(call needed,$(SONAR_TOKEN),Set SONAR_TOKEN to a token of the server at $(SONAR_HOST_URL): docs/profiling.md)
	@$(UV) tool run --quiet --from 'pysonar~=1.10' pysonar $(foreach property,$(properties),'-Dsonar.$(property)') $(value ARGS)

SYFT := anchore/syft:v1.38.0
GRYPE := anchore/grype:v0.118.0

scan: ## List an image's packages in sbom.json; fail at a known high vulnerability with a fix (IMAGE=site:1)
	@$(call needed,$(IMAGE),Name the image: make scan IMAGE=site:1)
	@$(docker)
	@docker run --rm --volume /var/run/docker.sock:/var/run/docker.sock $(SYFT) --quiet --output cyclonedx-json docker:$(IMAGE) >sbom.json
	@docker run --rm --interactive $(GRYPE) --only-fixed --fail-on high <sbom.json

# The targets of deployment, to hosts or to Kubernetes.
ifneq ($(wildcard deploy/compose),)
include plinth/compose.mk
else ifneq ($(wildcard deploy/systemd),)
include plinth/systemd.mk
else ifneq ($(wildcard deploy/kubernetes),)
include plinth/kubernetes.mk
endif

clean: ## Remove the environment and the caches of tools
	@rm -rf .venv .uv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. A stamp says that its dependency groups are installed; a sync removes what
# no installed group needs.

present = $(notdir $(wildcard .venv/test .venv/lint .venv/load))
install = $(call sync,--no-dev $(addprefix --group ,$(sort local $(present) $(1)))) && touch .venv/dev $(addprefix .venv/,$(sort $(present) $(1)))

.venv/dev: pyproject.toml plinth/pyproject.toml $(wildcard uv.lock) | .venv/bin/python
	@echo "Installing the packages of pyproject.toml..."
	@$(call install)

.venv/test: .venv/dev
	@$(call install,test)

.venv/load: .venv/dev
	@echo "Installing locust..."
	@$(call install,load)

.venv/lint: .venv/dev
	@echo "Installing the linters..."
	@$(call install,lint test)

requirements.txt: .venv/dev
	@$(MAKE) --silent requirements
	@touch $@

# A secret each, in characters that are safe in a URL and a shell.
.env: .env.example | .venv/dev
	@test -e $@ || (umask 077 && $(BIN)/python -c 'import re, secrets, sys; sys.stdout.write(re.sub("generated-at-set-up", lambda _: secrets.token_urlsafe(50), sys.stdin.read()))' < $< > $@)
	@touch $@
