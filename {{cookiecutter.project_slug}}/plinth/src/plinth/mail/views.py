from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt  # noqa: TID251 (see EventsView)
from django.views.generic import View

# The providers, by what names them in an entry of MAILERS: the API's backend, or the host
# of their SMTP server.
PROVIDERS = {
    "brevo": ("anymail.backends.brevo.", "brevo.com", "sendinblue.com"),
    "mailgun": ("anymail.backends.mailgun.", "mailgun.org"),
    "postmark": ("anymail.backends.postmark.", "postmarkapp.com", "mtasv.net"),
    "sendgrid": ("anymail.backends.sendgrid.", "sendgrid.net"),
    "ses": ("anymail.backends.amazon_ses.", "amazonaws.com"),
}


def carries(provider: str) -> bool:
    """Whether a provider carries the site's mail, by MAILERS or MAIL_WEBHOOK_PROVIDERS.

    The setting is for a mail server that relays to one.
    """
    if provider not in PROVIDERS:
        return False
    backend, *domains = PROVIDERS[provider]
    return provider in getattr(settings, "MAIL_WEBHOOK_PROVIDERS", ()) or any(
        mailer["BACKEND"].startswith(backend)
        or mailer.get("OPTIONS", {}).get("host", "").endswith(tuple(domains))
        for mailer in settings.MAILERS.values()
    )


# A provider has no CSRF token: the secret authenticates its requests.
@method_decorator(csrf_exempt, "dispatch")
class EventsView(View):
    """Webhook for bounces and spam complaints, authenticated by MAIL_WEBHOOK_SECRET.

    Responds 404 without that setting and for a provider that does not carry the site's
    mail, 401 to missing credentials, which Amazon SNS needs before it sends them, 403 to
    wrong ones, and 400 to a body that is malformed or wrongly signed.
    """

    http_method_names = ["post", "head"]

    def dispatch(
        self, request: HttpRequest, *args: str, **kwargs: str
    ) -> HttpResponseBase:
        if not settings.ANYMAIL["WEBHOOK_SECRET"] or not carries(kwargs["provider"]):
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

        webhooks.suppress(webhooks.read(request, provider), provider)
        return HttpResponse()
