"""Pages of the development inbox: mail that the site has sent, as recipients see it."""

from email.message import EmailMessage
from typing import Any

from django.conf import settings
from django.core.mail import mailers
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.html import escape
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.generic import TemplateView, View

from .backend import EmailBackend

# The page frames one document of this origin: the mail.
PAGE_CSP: dict[str, Any] = settings.SECURE_CSP | {"frame-src": ["'self'"]}
# A mail may have inline styles and remote images, and no scripts. Links open in a new
# window, outside of the sandbox.
MAIL_CSP = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["https:", "data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def inbox() -> EmailBackend:
    """Return the default mailer; raise Http404 if it is another backend."""
    mailer = mailers.default
    if not isinstance(mailer, EmailBackend):
        raise Http404
    return mailer


def read(name: str) -> EmailMessage:
    try:
        return inbox().read(name)
    except FileNotFoundError:
        raise Http404 from None


def content(message: EmailMessage, subtype: str) -> str:
    """Return the html or plain part of a message; an empty string if there is none."""
    part = message.get_body((subtype,))
    return str(part.get_content()) if part else ""


@method_decorator(never_cache, "dispatch")
class InboxView(TemplateView):
    template_name = "inbox/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        box = inbox()
        messages = [(path.stem, box.read(path.stem)) for path in box.paths()]
        return super().get_context_data(mails=messages, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Delete all messages."""
        for path in inbox().paths():
            path.unlink(missing_ok=True)
        return redirect("inbox:list")


@method_decorator([never_cache, csp_override(PAGE_CSP)], "dispatch")
class MessageView(TemplateView):
    template_name = "inbox/message.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = read(kwargs["name"])
        return super().get_context_data(
            mail=message,
            # Template variables can't hold the hyphens of header names.
            headers=list(message.items()),
            html=content(message, "html"),
            text=content(message, "plain"),
            **kwargs,
        )


@method_decorator(
    [never_cache, xframe_options_sameorigin, csp_override(MAIL_CSP)], "dispatch"
)
class HtmlView(View):
    """The HTML part of a message, for the page's sandboxed frame."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        message = read(name)
        html = content(message, "html") or f"<pre>{escape(content(message, 'plain'))}"
        html = html.replace("<head>", '<head><base target="_blank">', 1)
        # Streamed: the debug toolbar and browser-reload inject into other responses.
        return StreamingHttpResponse([html])
