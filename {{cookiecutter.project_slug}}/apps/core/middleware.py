"""What happens to every request. `config/settings/base.py` says in which order."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import LazyObject, empty
from django_http_compression.middleware import HttpCompressionMiddleware

from . import replicas, routers
from .logging import request_id

logger = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address

# PostgreSQL's code of what it cancelled after its time-out.
QUERY_CANCELED = "57014"


class RequestLogMiddleware(MiddlewareMixin):
    """Name each request and log it: id, method, path, status, milliseconds, user's id.

    A proxy in front may have named it already, in X-Request-ID; the answer carries the
    name in the same header. The query string stays out of the log, since it may hold a
    secret or what a person typed. Of a person it has the id alone: no name, no address.
    """

    def process_request(self, request: HttpRequest) -> None:
        given = request.headers.get("X-Request-ID", "")
        valid = re.fullmatch(r"[\w-]{8,64}", given, re.ASCII)
        request_id.set(given if valid else uuid.uuid4().hex)
        request.META["request_started"] = time.perf_counter()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        seconds = time.perf_counter() - request.META["request_started"]
        facts = {
            "method": request.method,
            # As Django's own lines have it: a line break in it can't forge a line.
            "path": request.path.encode("unicode_escape").decode("ascii"),
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
            "user_id": loaded_user_id(request),
        }
        logger.info(
            "%(method)s %(path)s %(status)s %(duration_ms)s ms", facts, extra=facts
        )
        response["X-Request-ID"] = request_id.get()
        return response


def loaded_user_id(request: HttpRequest) -> object:
    """Return who is signed in, if the view asked: asking here would cost a query."""
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:  # noqa: SLF001
        return None
    return getattr(user, "pk", None)


class ProxyHeadersMiddleware(MiddlewareMixin):
    """Take the visitor's address and scheme from the proxies in front, and nobody else.

    Of the addresses in X-Forwarded-For, each added by who received it, the last one that
    is none of TRUSTED_PROXIES is the visitor's: what stands before it, anybody may have
    written. It becomes REMOTE_ADDR, which is empty behind a unix socket.
    """

    headers = (
        "HTTP_FORWARDED",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_REAL_IP",
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.networks = [ip_network(network) for network in settings.TRUSTED_PROXIES]

    def process_request(self, request: HttpRequest) -> None:
        meta = request.META
        peer = parse_address(meta.get("REMOTE_ADDR", ""))
        # Only who may open a unix socket, which has no address, comes over it.
        if peer and not self.trusts(peer):
            for header in self.headers:
                meta.pop(header, None)
            return
        for said in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            address = parse_address(said)
            if not address:
                break
            peer = address
            if not self.trusts(address):
                break
        meta["REMOTE_ADDR"] = str(peer or "")

    def trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def parse_address(text: str) -> Address | None:
    """Return an address, which may have a port behind it; None if it is none."""
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", text.strip())
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    # How a socket for both kinds shows one of the old.
    return getattr(address, "ipv4_mapped", None) or address


class HealthMiddleware(MiddlewareMixin):
    """Answer health probes before the host is checked and https is asked for.

    A load balancer knows a server by its IP address, which is not in ALLOWED_HOSTS,
    and speaks http to it.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        if not request.path_info.startswith("/health/"):
            return None
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return None
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return response


class CompressionMiddleware(HttpCompressionMiddleware):
    """Compress answers of a kilobyte and more, and streams, as the browser can read.

    A page that repeats what somebody sent beside a secret can be guessed from its length
    (BREACH): a header of random length hides that, and Django masks the CSRF token.
    """

    # Bytes; less than that goes in one packet anyway.
    smallest = 1024

    def maybe_compress(self, request: HttpRequest, response: HttpResponseBase) -> None:
        if isinstance(response, HttpResponse) and len(response.content) < self.smallest:
            return
        # For the plain answer too, or a cache would keep that for everybody.
        patch_vary_headers(response, ["Accept-Encoding"])
        super().maybe_compress(request, response)


class ReplicaMiddleware(MiddlewareMixin):
    """Let what changes nothing read from a replica, and make it anew if that one fails.

    Who has written something reads from the primary until the replicas have it: a cookie
    says so for as long.
    """

    cookie = "read_from_primary"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not replicas.aliases():
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def process_request(self, request: HttpRequest) -> None:
        safe = request.method in {"GET", "HEAD"} and self.cookie not in request.COOKIES
        routers.local.route = routers.Route(replicas_serve=safe)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        route = routers.current()
        if not (route.replica and isinstance(exception, OperationalError)):
            return None
        # A query that took too long takes as long on the primary.
        if getattr(exception.__cause__, "sqlstate", "") == QUERY_CANCELED:
            return None
        # It may have been another database that failed.
        replicas.check(route.replica)
        route.stay_on_primary()
        match = request.resolver_match
        assert match  # it was a view that raised
        view = match.func
        if iscoroutinefunction(view):
            view = async_to_sync(view)
        response: HttpResponseBase = view(request, *match.args, **match.kwargs)
        return response.render() if isinstance(response, TemplateResponse) else response

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if routers.current().has_written:
            response.set_cookie(
                self.cookie,
                max_age=replicas.settling(),
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        routers.local.route = routers.Route()
        return response


class ResourcePolicyMiddleware(MiddlewareMixin):
    """Keep what people see here out of other sites' pages (files on the CDN may be)."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class SessionPrivacyMiddleware(MiddlewareMixin):
    """Let no cache on the way keep what somebody's session or cookies may have made.

    A view says that its page is public. This takes it back for who brings a session, and
    for an answer that sets a cookie, so that no view has to think of either.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or "Authorization" in request.headers
            or response.cookies
        ):
            said = re.split(r",\s*", response.headers.get("Cache-Control", ""))
            rest = [
                directive
                for directive in said
                if not re.fullmatch(
                    r"(?i)(|public|private|(s-maxage|stale-.*)=.*)", directive
                )
            ]
            response.headers["Cache-Control"] = ", ".join(["private", *rest])
        return response


class TrackingMiddleware(MiddlewareMixin):
    """Hide TRACKING_PARAMETERS from the views, and from what keeps pages by address.

    Links from elsewhere carry them, for scripts in the browser, which still find them. To
    a form they are errors, and to a cache each is another page. The whole query stays in
    FULL_QUERY_STRING, and a redirect to the same address has it again.
    """

    def process_request(self, request: HttpRequest) -> None:
        query = request.META.get("QUERY_STRING", "")
        names = "|".join(settings.TRACKING_PARAMETERS)
        pairs = query.split("&") if query else []
        kept = [pair for pair in pairs if not re.match(f"({names})(=|$)", pair)]
        request.META["FULL_QUERY_STRING"] = query
        request.META["QUERY_STRING"] = "&".join(kept)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        request.META["QUERY_STRING"] = request.META["FULL_QUERY_STRING"]
        return response
