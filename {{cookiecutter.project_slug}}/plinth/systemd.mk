# Targets of a project on hosts without Docker, where deploy/systemd exists.

include plinth/ansible.mk

.PHONY: logs remote-shell

journal_units = --unit \"site-*\" --unit nginx --unit pgbouncer --unit \"redis-server@*\"

logs: ## Follow the logs of a host (HOST=user@host, ARGS="--since -1h --unit site-worker"), or print those of HOST=all
	@$(call named)
	@$(if $(filter all,$(HOST)),$(call ansible,ansible) all --become --module-name command --args "journalctl --no-pager $(or $(value ARGS),--lines 100 $(journal_units))",$(call on_host,,journalctl --no-pager $(or $(value ARGS),--follow --lines 100 $(journal_units))))

remote-shell: ## Open a Python shell on a host (HOST=user@host)
	@$(call named)
	@$(call on_host,-t,./python.sh manage.py shell)
