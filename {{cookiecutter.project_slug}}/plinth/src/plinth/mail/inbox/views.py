"""The inbox of a developer, on pages: what the site sent, as people would see it."""

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

# The page may show one frame of this site: the mail.
PAGE_POLICY = settings.SECURE_CSP | {"frame-src": ["'self'"]}
# A mail brings its own style, and nothing that runs. Its links open in a window of their
# own, out of the sandbox.
MAIL_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["https:", "data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def inbox() -> EmailBackend:
    """Return where mail is put; Http404 where it really leaves."""
    mailer = mailers.default
    if not isinstance(mailer, EmailBackend):
        raise Http404
    return mailer


def read(name: str) -> EmailMessage:
    try:
        return inbox().read(name)
    except FileNotFoundError:
        raise Http404 from None


def content(message: EmailMessage, kind: str) -> str:
    """Return the part of a message that is of this kind, html or plain."""
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


@method_decorator(never_cache, "dispatch")
class InboxView(TemplateView):
    template_name = "inbox/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        box = inbox()
        messages = [(path.stem, box.read(path.stem)) for path in box.paths()]
        return super().get_context_data(mails=messages, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Throw all of it away."""
        for path in inbox().paths():
            path.unlink(missing_ok=True)
        return redirect("inbox:list")


@method_decorator([never_cache, csp_override(PAGE_POLICY)], "dispatch")
class MessageView(TemplateView):
    template_name = "inbox/message.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = read(kwargs["name"])
        return super().get_context_data(
            mail=message,
            # By a list: a template would take the hyphens for something else.
            headers=list(message.items()),
            html=content(message, "html"),
            text=content(message, "plain"),
            **kwargs,
        )


@method_decorator(
    [never_cache, xframe_options_sameorigin, csp_override(MAIL_POLICY)], "dispatch"
)
class HtmlView(View):
    """The HTML of a message, for a frame of the page."""

    def get(self, request: HttpRequest, name: str) -> HttpResponseBase:
        message = read(name)
        html = content(message, "html") or f"<pre>{escape(content(message, 'plain'))}"
        html = html.replace("<head>", '<head><base target="_blank">', 1)
        # A developer's tools add themselves to a page, not to a stream.
        return StreamingHttpResponse([html])
