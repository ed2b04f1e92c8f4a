"""The language of a request, which is in its path: /de/catalog/."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, translate_url
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

# A code, the name and the address of a page in that language.
type Link = tuple[str, str, str]


class LanguageMiddleware(MiddlewareMixin):
    """Activate the language of the path's prefix, or else LANGUAGE_CODE.

    Django's LocaleMiddleware asks the cookie and Accept-Language too, so that every cache
    would have to store a page for each of their values. Off with a single language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if len(settings.LANGUAGES) == 1:
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def process_request(self, request: HttpRequest) -> None:
        code = translation.get_language_from_path(request.path_info)
        translation.activate(code or settings.LANGUAGE_CODE)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        language = translation.get_language() or settings.LANGUAGE_CODE
        response.headers.setdefault("Content-Language", language)
        return response


def links(request: HttpRequest) -> list[Link]:
    """Return this page in each language; empty with a single one."""
    if len(settings.LANGUAGES) == 1:
        return []
    here = request.get_full_path()
    # translate_url takes a path below the site's prefix, and returns one with it.
    inside = here.removeprefix(get_script_prefix().rstrip("/"))
    urls = {code: translate_url(inside, code) for code, _ in settings.LANGUAGES}
    return [
        (code, name, here if urls[code] == inside else urls[code])
        for code, name in settings.LANGUAGES
    ]
