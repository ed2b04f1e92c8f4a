# Targets of a project on Docker hosts, where deploy/compose exists.

.PHONY: monitoring deploy restore rollback maintenance logs remote-shell

# The services of compose.yml, with an address for their metrics, and those of Prometheus.
monitoring: setup ## Do as `make up` does, with Prometheus and dashboards on http://localhost:3000
	@$(docker)
	@OWNER=$$(id -u):$$(id -g) METRICS_BIND=0.0.0.0:9464 docker compose --file compose.yml --file plinth/monitoring.yml up --build --detach --wait
	@echo "Grafana: http://localhost:3000, Prometheus: http://localhost:9090, alerts: http://localhost:9093"

# Playbooks of deploy/ansible, on a host that runs deploy/compose. They need neither the project's
# packages nor a database: only ansible-core, in the version of plinth/pyproject.toml.
ansible_core = $(shell sed -n 's/.*"\(ansible-core[^"]*\)".*/\1/p' plinth/pyproject.toml)
host = $(lastword $(subst @, ,$(HOST)))
ansible = ANSIBLE_CONFIG=deploy/ansible/ansible.cfg $(UV) tool run --quiet --from '$(ansible_core)' \
	$(1) $(addprefix --inventory ,$(wildcard deploy/ansible/inventory.yml)) $(if $(filter-out all,$(HOST)),--inventory '$(host),' \
	--limit '$(firstword $(subst :, ,$(host)))' $(if $(findstring @,$(HOST)),--user '$(firstword $(subst @, ,$(HOST)))'))
playbook = $(call ansible,ansible-playbook) deploy/ansible/$(1).yml
folder = $(shell sed -n 's/^folder: *"*\([^"]*\).*/\1/p' deploy/ansible/group_vars/all/site.yml)
on_host = ssh $(1) ssh://$(HOST) "sudo sh -c 'cd $(folder)/deploy/compose && docker compose $(2)'"
define named
$(call needed,$(HOST),Name the host: make $(firstword $(MAKECMDGOALS)) HOST=root@203.0.113.5$(1)); \
$(call needed,$(if $(filter all,$(HOST)),$(wildcard deploy/ansible/inventory.yml),one),Name the hosts of HOST=all in deploy/ansible/inventory.yml: docs/hosts.md)
endef

deploy: .venv/bin/python ## Deploy the last commit to a host, a bare one too (HOST=root@203.0.113.5)
	@$(call named,$(if $(restored), KEY=site.key))
	@$(if $(restored),$(call needed,$(wildcard $(KEY)),Name the file with the key: make restore HOST=$(HOST) KEY=site.key))
	@git rev-parse --quiet --verify HEAD >/dev/null || { echo "make deploy copies the last commit: git init && git add --all && git commit" >&2; exit 1; }
	@git cat-file -e HEAD:./uv.lock 2>/dev/null || { echo "The image needs uv.lock: make setup, git add uv.lock && git commit" >&2; exit 1; }
	@test -z "$$(git status --porcelain .)" || echo "Uncommitted changes are not deployed."
	@$(call playbook,deploy) $(restored) $(value ARGS)

restore: restored = --extra-vars '{"key": "$(abspath $(KEY))"$(if $(BACKUP),$(comma) "backup": "$(abspath $(BACKUP))")}'
restore: deploy ## Do as `make deploy` does, and put a backup in place of the data (HOST=root@203.0.113.5 KEY=site.key BACKUP=folder)

rollback: .venv/bin/python ## Return to the release before (HOST=user@host, ARGS=site:0123456789ab)
	@$(call named)
	@$(call playbook,rollback) $(addprefix --extra-vars image=,$(ARGS))

maintenance: .venv/bin/python ## Show the maintenance page, or end it (HOST=user@host ARGS=on)
	@$(call named, ARGS=on)
	@$(call needed,$(filter on off,$(ARGS)),Say on or off: make maintenance HOST=$(HOST) ARGS=on)
	@$(call playbook,maintenance) --extra-vars maintenance=$(ARGS)

logs: ## Follow the logs of a host (HOST=user@host or all, ARGS="--since 1h nginx")
	@$(call named)
	@$(if $(filter all,$(HOST)),$(call ansible,ansible) 'all:!balancer' --become --module-name shell --args "cd {{ folder }}/deploy/compose && docker compose logs $(or $(value ARGS),--tail 100)",$(call on_host,,logs $(or $(value ARGS),--follow --tail 100)))

remote-shell: ## Open a Python shell on a host (HOST=user@host)
	@$(call named)
	@$(call on_host,-t,exec web-\$$(sed -n s/^COMPOSE_PROFILES=//p .env) python manage.py shell)
