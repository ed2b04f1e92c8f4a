"""Metrics of every process; objectives, alerts and their runbooks."""

from tests.mutations import Mutation, replace

ALERTS = "plinth/src/plinth/monitoring/alerts.py"
GUNICORN = "plinth/src/plinth/server/gunicorn.py"
METRICS = "plinth/src/plinth/metrics"
PROBES = "plinth/src/plinth/practices/probes.py"
RULES = "plinth/src/plinth/monitoring/rules.py"

MUTATIONS = [
    Mutation(
        42,
        "label-with-the-path",
        replace(f"{METRICS}/middleware.py", "match.view_name if", "request.path if"),
        "test_request_is_counted_by_view_method_and_class_of_status",
    ),
    Mutation(
        42,
        "every-method-is-a-label",
        replace(f"{METRICS}/middleware.py", "if request.method in METHODS", "if True"),
        "test_labels_have_few_values_whatever_is_requested",
    ),
    Mutation(
        42,
        "failed-error-page-is-not-counted",
        replace(
            f"{METRICS}/middleware.py",
            "        finally:\n            self.count(request, status, start)\n"
            "        return response\n\n    async",
            "        except ZeroDivisionError:\n            raise\n"
            "        self.count(request, status, start)\n"
            "        return response\n\n    async",
        ),
        "test_metrics_have_an_address_of_their_own",
    ),
    Mutation(
        42,
        "async-requests-uncounted",
        replace(
            f"{METRICS}/middleware.py",
            "response = await self.get_response(request)",
            "return await self.get_response(request)",
        ),
        "test_async_request_is_counted",
    ),
    Mutation(
        42,
        "always-measured",
        replace(f"{METRICS}/__init__.py", "return bool(", "return True or bool("),
        "test_nothing_is_measured_without_an_address",
    ),
    Mutation(
        42,
        "health-checks-are-requests",
        replace(
            "config/settings/base.py",
            '    "plinth.health.middleware.HealthMiddleware",\n',
            '    "plinth.metrics.middleware.MetricsMiddleware",\n'
            '    "plinth.health.middleware.HealthMiddleware",\n',
        ),
        "test_project_counts_requests_below_the_health_checks",
    ),
    Mutation(
        42,
        "each-reconnection-counts-twice",
        replace(
            "plinth/src/plinth/logs/queries.py",
            "if time_query not in connection.execute_wrappers",
            "if connection",
        ),
        "test_queries_are_counted_for_the_view_that_made_them",
    ),
    Mutation(
        42,
        "one-error-costs-the-scrape",
        replace(f"{METRICS}/collectors.py", "except Exception:", "except KeyError:"),
        "test_collector_that_fails_costs_its_own_metrics_only",
    ),
    Mutation(
        42,
        "migrations-are-not-counted",
        replace(f"{METRICS}/collectors.py", "executor.loader.graph.leaf_nodes()", "[]"),
        "test_unapplied_migrations_and_the_release_are_shown",
    ),
    Mutation(
        42,
        "files-of-the-dead-are-lost",
        replace(
            f"{METRICS}/processes.py",
            'glob(f"gauge_live*_{os.getpid()}-{slot}.db")',
            'glob(f"*_{os.getpid()}-{slot}.db")',
        ),
        "test_counters_of_killed_workers_still_count",
    ),
    Mutation(
        42,
        "a-file-for-each-worker-ever",
        replace(
            GUNICORN, "processes.enter(worker.slot)", "processes.enter(worker.pid)"
        ),
        "test_counters_of_killed_workers_still_count",
    ),
    Mutation(
        42,
        "gauges-of-the-dead-count",
        replace(GUNICORN, "processes.leave(worker.slot)", "pass"),
        "test_gauges_of_an_exited_worker_are_deleted",
    ),
    Mutation(
        42,
        "files-left-behind",
        replace(GUNICORN, "        processes.delete()", "        pass"),
        "test_metrics_are_deleted_when_the_server_stops",
    ),
    Mutation(
        42,
        "two-servers-mix-their-metrics",
        replace(f"{METRICS}/server.py", "if not shared:", "if shared is None:"),
        "test_port_of_another_server_is_refused_with_one_line",
    ),
    Mutation(
        42,
        "public-metrics-are-on",
        replace(PROBES, "if bind == gunicorn_settings().bind:", "if not bind:"),
        "test_probe_finds_metrics_that_are_off_or_public",
    ),
    Mutation(
        42,
        "published-to-everybody",
        replace("deploy/compose/monitoring.yml", "127.0.0.1:9090:9090", "9090:9090"),
        "test_no_metric_is_reachable_from_outside",
    ),
    Mutation(
        42,
        "scraped-at-another-port",
        replace("deploy/monitoring/prometheus.yml", "port: 9464", "port: 9465"),
        "test_every_container_with_metrics_is_scraped",
    ),
    Mutation(
        42,
        "panels-cover-each-other",
        replace(
            "plinth/src/plinth/monitoring/dashboards.py",
            '"x": column * WIDTH',
            '"x": 0',
        ),
        "test_dashboard_covers_each_part_and_no_panel_hides_another",
    ),
    Mutation(
        63,
        "rules-edited-by-hand",
        replace("deploy/monitoring/rules/site.yml", "/ 3600 > 26", "/ 3600 > 99"),
        "test_files_are_those_of_the_table",
    ),
    Mutation(
        63,
        "setting-is-ignored",
        replace(RULES, "return chosen.get(of.name, of.number)", "return of.number"),
        "test_setting_overrides_a_number_and_none_leaves_the_alert_out",
    ),
    Mutation(
        63,
        "one-window-is-enough",
        replace(
            RULES, "{name}_{burn.short} > {burn.factor}", "{name}_{burn.short} > 0"
        ),
        "test_each_objective_pages_fast_and_files_a_ticket_slowly",
    ),
    Mutation(
        63,
        "pages-at-any-error",
        replace(ALERTS, 'Burn(PAGE, 14.4, "1h", "5m")', 'Burn(PAGE, 1, "1h", "5m")'),
        "test_burn_rates_are_those_of_the_error_budget",
    ),
    Mutation(
        63,
        "objective-between-two-buckets",
        replace(ALERTS, 'view!="none",le="0.5"', 'view!="none",le="0.7"'),
        "test_objective_of_latency_is_a_bucket_of_the_histogram",
    ),
    Mutation(
        63,
        "misspelt-metric",
        replace(ALERTS, "celery_queue_oldest_seconds", "celery_queue_age_seconds"),
        "test_every_query_reads_metrics_that_exist",
    ),
    Mutation(
        63,
        "renamed-metric",
        replace(
            f"{METRICS}/instruments.py",
            '"celery_task_failures_total"',
            '"celery_task_errors_total"',
        ),
        "test_every_query_reads_metrics_that_exist",
    ),
    Mutation(
        63,
        "nobody-watches-backups",
        replace(ALERTS, "backup_last_success_timestamp_seconds", "pg_up"),
        "test_saturation_certificate_replicas_and_backups_are_watched",
    ),
    Mutation(
        63,
        "alert-without-a-runbook",
        replace("docs/runbooks.md", "## DiskFills", "## Disks"),
        "test_every_alert_links_to_a_runbook_that_says_what_to_do",
    ),
    Mutation(
        63,
        "runbook-without-a-remedy",
        replace("docs/runbooks.md", "- **Do**: start them.\n", ""),
        "test_every_alert_links_to_a_runbook_that_says_what_to_do",
    ),
    Mutation(
        63,
        "page-calls-nobody",
        replace(
            "deploy/monitoring/alertmanager.yml", "severity = page", "severity = high"
        ),
        "test_every_severity_has_a_receiver_and_no_address_is_in_the_file",
    ),
    Mutation(
        63,
        "off-looks-like-on",
        replace(PROBES, "if measured.state is not State.ON:", "if not measured:"),
        "test_probe_names_the_objectives_that_are_measured",
    ),
]
