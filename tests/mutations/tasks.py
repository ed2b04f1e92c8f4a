"""Background work: delivery, retries, commits and idempotency."""

from tests.mutations import Mutation, replace

APP = "plinth/src/plinth/tasks/app.py"
DEFAULTS = "plinth/src/plinth/tasks/defaults.py"

MUTATIONS = [
    Mutation(
        27,
        "certificate-is-not-verified",
        replace(DEFAULTS, '{"broker_use_ssl": VERIFIED} if', "{} if"),
        "test_broker_certificate_and_host_name_are_verified",
    ),
    Mutation(
        27,
        "acknowledged-before-it-runs",
        replace(DEFAULTS, '"task_acks_late": True', '"task_acks_late": False'),
        "test_task_of_a_lost_worker_is_redelivered",
    ),
    Mutation(
        27,
        "redelivered-while-it-waits",
        replace(DEFAULTS, "limit + LONGEST_BACKOFF + 270", "limit + 270"),
        "test_visibility_timeout_exceeds_the_time_limit_and_the_longest_backoff",
    ),
    Mutation(
        27,
        "no-retries",
        replace(APP, "autoretry_for = TRANSIENT_ERRORS", "autoretry_for = ()"),
        "test_transient_errors_are_retried_with_backoff_and_jitter",
    ),
    Mutation(
        27,
        "request-waits-for-retries",
        replace(APP, "if self.request.is_eager and exc:", "if False:"),
        "test_eager_task_is_not_retried",
    ),
    Mutation(
        27,
        "enqueued-before-the-commit",
        replace(
            APP,
            "class Task(DjangoTask[..., Any]):\n",
            "class Task(DjangoTask[..., Any]):\n"
            "    def delay_on_commit(self, *args, **kwargs):\n"
            "        self.delay(*args, **kwargs)\n\n",
        ),
        "test_rollback_enqueues_nothing",
    ),
    Mutation(
        27,
        "runs-twice-under-a-key",
        replace("plinth/src/plinth/tasks/services.py", "    return False", "    pass"),
        "test_function_runs_once_under_a_key",
    ),
]
