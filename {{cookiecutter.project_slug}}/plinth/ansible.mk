# Playbooks of deploy/ansible, on hosts that run deploy/compose or deploy/systemd. They need neither
# the project's packages nor a database: only ansible-core, in the version of plinth/pyproject.toml.

.PHONY: deploy restore restore-drill .key rollback maintenance vault

ansible_core = $(shell sed -n 's/.*"\(ansible-core[^"]*\)".*/\1/p' plinth/pyproject.toml)
vault = deploy/ansible/group_vars/all/vault.yml
# Its password, unless a file has it.
ask = $(if $(ANSIBLE_VAULT_PASSWORD_FILE),,$(if $(wildcard $(vault)),ANSIBLE_ASK_VAULT_PASS=true ))
host = $(lastword $(subst @, ,$(HOST)))
of_ansible = ANSIBLE_CONFIG=deploy/ansible/ansible.cfg ANSIBLE_INVENTORY_UNPARSED_FAILED=true $(UV) tool run --quiet --from '$(ansible_core)'
ansible = $(ask)$(of_ansible) \
	$(1) $(addprefix --inventory ,$(wildcard deploy/ansible/inventory.yml)) $(if $(filter-out all,$(HOST)),--inventory '$(host)$(comma)' \
	--limit '$(firstword $(subst :, ,$(host)))' $(if $(findstring @,$(HOST)),--user '$(firstword $(subst @, ,$(HOST)))'))
playbook = $(call ansible,ansible-playbook) deploy/ansible/$(1).yml
# A command in the folder of the host that runs the site.
on_host = ssh $(1) ssh://$(HOST) "sudo sh -c 'cd $(shell sed -n 's/^folder: *"*\([^"]*\).*/\1/p' deploy/ansible/group_vars/all/site.yml)/deploy/$(notdir $(firstword $(wildcard deploy/compose deploy/systemd))) && $(2)'"
define named
$(call needed,$(HOST),Name the host: make $(firstword $(MAKECMDGOALS)) HOST=root@203.0.113.5$(1)); \
$(call needed,$(if $(filter all,$(HOST)),$(wildcard deploy/ansible/inventory.yml),one),HOST=all are the hosts of deploy/ansible/inventory.yml: copy inventory.example.yml)
endef

deploy: .venv/bin/python ## Deploy the last commit to a host, a bare one too (HOST=root@203.0.113.5)
	@$(call named,$(if $(restored), KEY=site.key))
	@git rev-parse --quiet --verify HEAD >/dev/null || { echo "make deploy copies the last commit: git init && git add --all && git commit" >&2; exit 1; }
	@git cat-file -e HEAD:./uv.lock 2>/dev/null || { echo "The release needs uv.lock: make setup, git add uv.lock && git commit" >&2; exit 1; }
	@test -z "$$(git status --porcelain .)" || echo "Uncommitted changes are not deployed."
	@$(call playbook,deploy) $(restored) $(value ARGS)

restore: restored = --extra-vars '{"key": "$(abspath $(KEY))"$(if $(BACKUP),$(comma) "backup": "$(abspath $(BACKUP))")}'
restore: .key deploy ## Do as `make deploy` does, and put a backup in place of the data (HOST=root@203.0.113.5 KEY=site.key BACKUP=folder)

restore-drill: .key .venv/bin/python ## Prove the newest backup of a host, beside its data (HOST=user@host KEY=site.key)
	@$(call named, KEY=site.key)
	@$(call playbook,restore-drill) --extra-vars 'key="$(abspath $(KEY))"' $(value ARGS)

.key:
	@$(call needed,$(wildcard $(KEY)),Name the file with the key: make $(firstword $(MAKECMDGOALS)) HOST=root@203.0.113.5 KEY=site.key)

rollback: .venv/bin/python ## Return to the release before (HOST=user@host, ARGS=RELEASE)
	@$(call named)
	@$(call playbook,rollback) $(addprefix --extra-vars image=,$(ARGS))

maintenance: .venv/bin/python ## Show the maintenance page, or end it (HOST=user@host ARGS=on)
	@$(call named, ARGS=on)
	@$(call needed,$(filter on off,$(ARGS)),Say on or off: make maintenance HOST=$(HOST) ARGS=on)
	@$(call playbook,maintenance) --extra-vars maintenance=$(ARGS)

vault: .venv/bin/python ## Edit secrets that git may have, encrypted: deploy/ansible/group_vars/all/vault.yml
	@$(of_ansible) ansible-vault $(if $(wildcard $(vault)),edit,create) $(vault)
