# Targets of a project on Kubernetes, where deploy/kubernetes exists.

.PHONY: deploy rollback logs remote-shell

OVERLAY ?= production
overlay = deploy/kubernetes/overlays/$(OVERLAY)
release = PYTHONPATH=plinth/src .venv/bin/python -m plinth.deploy.kubernetes --overlay '$(OVERLAY)' $(if $(CONTEXT),--context '$(CONTEXT)')
kubectl = kubectl $(if $(CONTEXT),--context '$(CONTEXT)') --namespace $(shell sed -n 's/^namespace: *"*\([^"]*\).*/\1/p' $(overlay)/kustomization.yaml)

deploy: .venv/bin/python ## Deploy an image to Kubernetes (IMAGE=registry.example.com/site:1 OVERLAY=staging)
	@$(release) --image '$(IMAGE)' deploy

rollback: .venv/bin/python ## Return to the release before (OVERLAY=staging)
	@$(release) rollback

logs: ## Follow the logs of all pods (OVERLAY=staging ARGS="--since 1h")
	@$(kubectl) logs --selector app.kubernetes.io/name --prefix --max-log-requests 50 $(or $(value ARGS),--follow --tail 100)

remote-shell: ## Open a Python shell in a pod of the web (OVERLAY=staging)
	@$(kubectl) exec --stdin --tty "$$($(kubectl) get pods --selector app.kubernetes.io/name=web --field-selector status.phase=Running --output name | head -n 1)" -- python manage.py shell
