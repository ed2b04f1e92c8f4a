"""An async view that waits for several services at once, and the server for it."""

from tests.mutations import Mutation, replace

DEPENDENCIES = "plinth/src/plinth/health/dependencies.py"
WORKER = "plinth/src/plinth/server/asgi_worker.py"

MUTATIONS = [
    Mutation(
        59,
        "one-after-the-other",
        replace(
            DEPENDENCIES,
            "await asyncio.gather(*states)",
            "[await state for state in states]",
        ),
        "test_services_are_asked_at_once",
    ),
    Mutation(
        59,
        "one-fails-for-all",
        replace(DEPENDENCIES, "except Exception as", "except ZeroDivisionError as"),
        "test_failing_service_changes_nothing_for_the_others",
    ),
    Mutation(
        59,
        "all-at-a-time",
        replace(DEPENDENCIES, "asyncio.Semaphore(LIMIT)", "asyncio.Semaphore(1000)"),
        "test_number_of_services_asked_at_a_time_is_limited",
    ),
    Mutation(
        59,
        "under-asgi-alone",
        replace(
            "plinth/src/plinth/health/middleware.py",
            "view = async_to_sync(view)",
            "pass",
        ),
        "test_async_view_is_served_by_wsgi_too",
    ),
    Mutation(
        59,
        "everybody-is-told",
        replace(
            "plinth/src/plinth/health/views.py",
            "(urls and is_private(request))",
            "urls",
        ),
        "test_page_is_not_found_by_the_public",
    ),
    Mutation(
        59,
        "the-loop-is-blocked",
        replace(
            DEPENDENCIES,
            "    parts = urlsplit(url)\n",
            "    parts = urlsplit(url)\n    time.sleep(0.3)\n",
        ),
        "test_one_process_waits_for_many_services_by_asgi",
    ),
    Mutation(
        59,
        "uvicorn-hides-the-proxy",
        replace(WORKER, '"proxy_headers": False', '"proxy_headers": True'),
        "test_proxy_on_a_port_is_the_one_that_django_trusts",
    ),
    Mutation(
        59,
        "blocking-is-allowed",
        replace("plinth/ruff.toml", '"ASYNC", ', ""),
        "test_blocking_call_in_an_async_view_is_an_error",
    ),
    Mutation(
        59,
        "sync-middleware-is-hidden",
        replace(
            "plinth/src/plinth/practices/checks.py",
            'getattr(import_string(path), "async_capable", False)',
            'getattr(import_string(path), "async_capable", True)',
        ),
        "test_check_reports_own_sync_middleware_in_front_of_an_async_view",
    ),
]
