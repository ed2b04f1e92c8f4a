"""Error tracking: what is reported, and what is not."""

from tests.mutations import Mutation, replace

SENTRY = "plinth/src/plinth/errors/sentry.py"
REPORTED = "test_error_is_reported_once_without_personal_data"

MUTATIONS = [
    Mutation(
        51,
        "errors-of-views-not-reported",
        replace(
            SENTRY, "    got_request_exception.connect(", "    request_started.connect("
        ),
        REPORTED,
    ),
    Mutation(
        51,
        "breadcrumbs-of-all-requests",
        replace(SENTRY, "    Scope.set_isolation_scope(", "    print("),
        REPORTED,
    ),
    Mutation(
        51,
        "token-in-the-url",
        replace(SENTRY, 'mask(request["url"])', 'request["url"]'),
        REPORTED,
    ),
    Mutation(
        51,
        "form-in-local-variables",
        replace(
            SENTRY, "include_local_variables=False", "include_local_variables=True"
        ),
        REPORTED,
    ),
]
