"""Django's debug page: DEFAULT_EXCEPTION_REPORTER in development."""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from django.views import debug


class ExceptionReporter(debug.ExceptionReporter):
    """Reports a query of too many parameters too.

    Django's page reads the query again, which fails again at each middleware, and each time
    with a longer page: a request takes minutes.
    """

    def get_traceback_data(self) -> dict[str, Any]:
        if self.request:
            try:
                self.request.GET  # noqa: B018 (parsed on access)
            except SuspiciousOperation:
                self.request.GET = QueryDict()
        return super().get_traceback_data()
