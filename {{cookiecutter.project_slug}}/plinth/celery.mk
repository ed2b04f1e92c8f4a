# Targets of a project with Celery, where config/celery.py exists.

.PHONY: worker flower

worker: setup ## Run a Celery worker with beat (needs CELERY_BROKER_URL)
	@DJANGO_SETTINGS_MODULE=$${DJANGO_SETTINGS_MODULE:-config.settings.local} \
		$(BIN)/celery --app config.celery worker --beat

flower: setup ## Show tasks and workers on http://localhost:5555 (needs CELERY_BROKER_URL)
	@$(MANAGE) flower
