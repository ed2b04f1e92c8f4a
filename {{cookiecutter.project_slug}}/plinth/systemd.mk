# Targets of a project on hosts without Docker, where deploy/systemd exists.

include plinth/ansible.mk

.PHONY: logs remote-shell

logs: ## Follow the logs of a host (HOST=user@host, ARGS="--since -1h --unit site-worker")
	@$(call named)
	@$(call on_host,,journalctl --no-pager $(or $(value ARGS),--follow --lines 100 --unit \"site-*\" --unit nginx --unit pgbouncer --unit \"redis-server@*\"))

remote-shell: ## Open a Python shell on a host (HOST=user@host)
	@$(call named)
	@$(call on_host,-t,./python.sh manage.py shell)
