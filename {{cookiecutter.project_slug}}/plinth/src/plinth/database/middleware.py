"""Read replicas in requests."""

from collections.abc import Callable

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.deprecation import MiddlewareMixin

from . import replicas, routers

# SQLSTATE query_canceled: the statement timeout.
QUERY_CANCELED = "57014"


class ReplicaMiddleware(MiddlewareMixin):
    """Reads of GET and HEAD requests may use a replica; the primary is the fallback.

    After a write, a cookie pins the client to the primary for the replication window
    (read-your-writes). A view that fails because its replica fails is run once more, on
    the primary.
    """

    cookie = "read_from_primary"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not replicas.aliases():
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def process_request(self, request: HttpRequest) -> None:
        safe = request.method in {"GET", "HEAD"} and self.cookie not in request.COOKIES
        routers.local.route = routers.Route(may_use_replica=safe)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        route = routers.current_route()
        if not (route.replica and isinstance(exception, OperationalError)):
            return None
        # A query that timed out would take as long on the primary.
        if getattr(exception.__cause__, "sqlstate", "") == QUERY_CANCELED:
            return None
        # Another database may have failed: the check decides about the replica.
        replicas.check(route.replica)
        route.pin_to_primary()
        match = request.resolver_match
        assert match  # a view has raised
        view = match.func
        if iscoroutinefunction(view):
            view = async_to_sync(view)
        response: HttpResponseBase = view(request, *match.args, **match.kwargs)
        return response.render() if isinstance(response, TemplateResponse) else response

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if routers.current_route().has_written:
            response.set_cookie(
                self.cookie,
                max_age=replicas.replication_window(),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        routers.local.route = routers.Route()
        return response
