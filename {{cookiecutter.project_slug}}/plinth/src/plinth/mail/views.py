from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt  # noqa: TID251 (see EventsView)
from django.views.generic import View


# A provider has no form of ours to take a token from: the secret stands for it.
@method_decorator(csrf_exempt, "dispatch")
class EventsView(View):
    """Where a provider reports bounces and complaints, with MAIL_WEBHOOK_SECRET.

    401 asks for the secret, as Amazon wants it asked for; 403 refuses a wrong one.
    """

    http_method_names = ["post", "head"]

    def dispatch(
        self, request: HttpRequest, *args: str, **kwargs: str
    ) -> HttpResponseBase:
        if not settings.ANYMAIL["WEBHOOK_SECRET"]:
            raise Http404
        # They load what talks to providers, which a site without their mail never needs.
        from anymail.utils import get_request_basic_auth

        given = get_request_basic_auth(request)
        if given is None and request.method == "POST":
            return HttpResponse(
                status=HTTPStatus.UNAUTHORIZED,
                headers={"WWW-Authenticate": 'Basic realm="mail"'},
            )
        if given is not None and not constant_time_compare(
            given, settings.ANYMAIL["WEBHOOK_SECRET"]
        ):
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        return super().dispatch(request, *args, **kwargs)

    def head(self, request: HttpRequest, provider: str) -> HttpResponse:
        """Some ask whether the address exists before they keep it."""
        return HttpResponse()

    def post(self, request: HttpRequest, provider: str) -> HttpResponse:
        from . import webhooks

        if provider not in webhooks.READERS:
            raise Http404
        reader = webhooks.READERS[provider]()
        # A wrong signature raises what Django answers with 400.
        reader.run_validators(request)
        webhooks.suppress(reader.parse_events(request), provider)
        return HttpResponse()
