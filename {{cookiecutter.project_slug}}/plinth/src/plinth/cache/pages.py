"""Mixins for cached pages: of everybody, of one session, and answered with 304.

Each is cached under the version of a name, so `versions.invalidate(name)` drops it; but
AnonymousPageMixin, whose pages have no data of their own. Put a mixin before the view's
class, and permission mixins before the mixin.
"""

from datetime import datetime
from functools import partial
from hashlib import sha256
from time import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.cache import CacheMiddleware
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.http import condition
from django.views.decorators.vary import vary_on_cookie
from django.views.generic import View

from . import versions
from .microcache import microcache, store_if_shared

# Seconds that a proxy or a CDN may serve a page, which no invalidation here reaches, and
# for how long it may serve a stale one while this site fails.
PROXY_SECONDS = 60
STALE_IF_ERROR = 86_400


def allow_proxies(response: HttpResponseBase) -> None:
    """Let proxies cache a response for PROXY_SECONDS; browsers revalidate each time.

    SessionPrivacyMiddleware makes it private for requests with a session.
    """
    patch_cache_control(
        response,
        public=True,
        max_age=0,
        s_maxage=PROXY_SECONDS,
        stale_if_error=STALE_IF_ERROR,
    )


class CachedPageMixin(View):
    # The name whose version the page is cached under.
    cache_name: str
    cache_seconds = 300

    def get_cache_name(self) -> str:
        return self.cache_name

    def get_cache_prefix(self) -> str:
        # A release may have new styles under new names.
        return f"{settings.RELEASE}-{versions.current(self.get_cache_name())}"


@method_decorator(microcache, "dispatch")
class PublicPageMixin(CachedPageMixin):
    """Caches a page that is the same for everybody: its template must not use the user.

    In the process for a second, in Redis and in browsers for `cache_seconds`, in proxies
    for PROXY_SECONDS. An invalidation shows here at once, in other processes after a
    second.
    """

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        pages = CacheMiddleware(
            super().dispatch,
            page_timeout=self.cache_seconds,
            key_prefix=self.get_cache_prefix(),
        )
        response: HttpResponseBase | None = pages.process_request(request)
        if response is None:
            response = super().dispatch(request, *args, **kwargs)
            store_if_shared(response, partial(pages.process_response, request))
        # Stale while it is regenerated, so that nobody waits. Browsers do so too: not for
        # a page that shows who is signed in.
        patch_cache_control(
            response,
            public=True,
            s_maxage=PROXY_SECONDS,
            stale_while_revalidate=PROXY_SECONDS,
            stale_if_error=STALE_IF_ERROR,
        )
        return response


class AnonymousPageMixin(View):
    """Caches a page for clients without a cookie: its template may use the user.

    In the process for a second, in proxies for PROXY_SECONDS. Not with DEBUG, so that a
    change of a template shows at once.
    """

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if settings.DEBUG or request.COOKIES or "HTTP_AUTHORIZATION" in request.META:
            return super().dispatch(request, *args, **kwargs)
        view = vary_on_cookie(microcache(super().dispatch, anonymous=True))
        response = view(request, *args, **kwargs)
        allow_proxies(response)
        return response


class PrivatePageMixin(CachedPageMixin):
    """Caches a page for the session cookie that it was made for, in Redis alone.

    After LoginRequiredMixin, so that an ended session reads nothing.
    """

    cache_seconds = 60

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        # From the inside out. The session's own Vary header comes too late for the cache,
        # and proxies and browsers must not cache the page.
        view = vary_on_cookie(self.dispatch_rendered)
        view = cache_page(self.cache_seconds, key_prefix=self.get_cache_prefix())(view)
        view = cache_control(private=True, no_cache=True)(view)
        return view(request, *args, **kwargs)

    def dispatch_rendered(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        # Rendered here: after the decorators it would be private, and not be cached.
        response = super().dispatch(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
        return response


class ConditionalPageMixin(CachedPageMixin):
    """Answers 304 to a browser that has the page, before the page is made.

    The ETag is of what pages consist of: the release, the language, the time of the last
    change, the version of the name, and the cookies, which say who is signed in, but not
    whether the session has ended or what its user may do: that shows with the page's next
    change. Times are in the site's time zone, since no cookie says that of the user.
    """

    def get_last_modified(self) -> datetime:
        """Return when the page's own data changed; raise Http404 if there are none."""
        raise NotImplementedError

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        timezone.deactivate()
        modified = self.get_last_modified()
        signed_for = settings.MEDIA_SIGNED_FOR
        parts = (
            self.get_cache_prefix(),
            modified,
            get_language(),
            request.headers.get("Cookie"),
            # New before the signed URLs of images on the page expire.
            signed_for and time() // (signed_for / 2),
        )
        etag = sha256(repr(parts).encode()).hexdigest()[:32]
        view = condition(lambda *_, **__: f'"{etag}"', lambda *_, **__: modified)(
            super().dispatch
        )
        response = view(request, *args, **kwargs)
        allow_proxies(response)
        return response
