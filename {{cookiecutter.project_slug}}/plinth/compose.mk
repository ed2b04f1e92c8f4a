# Targets of a project on Docker hosts, where deploy/compose exists.

include plinth/ansible.mk

.PHONY: monitoring logs remote-shell

# The services of compose.yml, with an address for their metrics, and those of Prometheus.
monitoring: setup ## Do as `make up` does, with Prometheus and dashboards on http://localhost:3000
	@$(docker)
	@OWNER=$$(id -u):$$(id -g) METRICS_BIND=0.0.0.0:9464 docker compose --file compose.yml --file plinth/monitoring.yml up --build --detach --wait
	@echo "Grafana: http://localhost:3000, Prometheus: http://localhost:9090, alerts: http://localhost:9093"

logs: ## Follow the logs of a host (HOST=user@host, ARGS="--since 1h nginx"), or print those of HOST=all
	@$(call named)
	@$(if $(filter all,$(HOST)),$(call ansible,ansible) 'all:!balancer' --become --module-name shell --args "cd {{ folder }}/deploy/compose && docker compose logs $(or $(value ARGS),--tail 100)",$(call on_host,,docker compose logs $(or $(value ARGS),--follow --tail 100)))

remote-shell: ## Open a Python shell on a host (HOST=user@host)
	@$(call named)
	@$(call on_host,-t,docker compose exec web-\$$(sed -n s/^COMPOSE_PROFILES=//p .env) python manage.py shell)
