from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt  # noqa: TID251 (see EventsView)
from django.views.generic import View


# A provider has no CSRF token: the secret authenticates its requests.
@method_decorator(csrf_exempt, "dispatch")
class EventsView(View):
    """Webhook for bounces and spam complaints, authenticated by MAIL_WEBHOOK_SECRET.

    Responds 404 without that setting, 401 to missing credentials, which Amazon SNS needs
    before it sends them, and 403 to wrong ones.
    """

    http_method_names = ["post", "head"]

    def dispatch(
        self, request: HttpRequest, *args: str, **kwargs: str
    ) -> HttpResponseBase:
        if not settings.ANYMAIL["WEBHOOK_SECRET"]:
            raise Http404
        # Loads the clients of email providers, which a site without webhooks never needs.
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
        """Some providers verify the URL with HEAD before they save it."""
        return HttpResponse()

    def post(self, request: HttpRequest, provider: str) -> HttpResponse:
        from . import webhooks

        if provider not in webhooks.PROVIDERS:
            raise Http404
        webhook = webhooks.PROVIDERS[provider]()
        # Raises SuspiciousOperation for a wrong signature, which Django answers with 400.
        webhook.run_validators(request)
        webhooks.suppress(webhook.parse_events(request), provider)
        return HttpResponse()
