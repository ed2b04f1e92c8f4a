"""EMAIL_URL as an entry of MAILERS: the scheme chooses the email provider."""

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

FORMS = (
    "like smtp+tls://user:password@host:587, smtp+ssl://..., smtp://host:25, "
    "ses://region, mailgun://key@domain, postmark://token, sendgrid://key or brevo://key"
)
# Whose webhooks for bounces and complaints the site reads.
WEBHOOKS = ("brevo", "mailgun", "postmark", "sendgrid", "ses")
# Seconds. The default of SMTP is none: a dead server would block a worker forever.
TIMEOUT = 10

# The query parameters that a provider's URL may have, as in ?message_stream=outbound.
OPTIONS = {
    "brevo": {"api_url"},
    "mailgun": {"api_url"},
    "postmark": {"api_url", "message_stream"},
    "ses": {"configuration_set_name"},
}


def mailer(url: str) -> dict[str, Any]:
    """Return an entry of MAILERS; ValueError for a malformed URL."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    if parts.path or parts.fragment or options.keys() - OPTIONS.get(parts.scheme, {}):
        raise ValueError
    match parts.scheme:
        case "smtp" | "smtp+tls" | "smtp+ssl":
            return smtp(parts)
        case "ses":
            return anymail("amazon_ses", **options, client_params=ses(parts))
        case "mailgun" if parts.hostname and not parts.port:
            options["api_key"] = secret(parts.netloc.rpartition("@")[0])
            options["sender_domain"] = parts.hostname
            return anymail("mailgun", **options, timeout=TIMEOUT)
        case "postmark":
            options["server_token"] = secret(parts.netloc)
            return anymail("postmark", **options, timeout=TIMEOUT)
        case "brevo":
            options["api_key"] = secret(parts.netloc)
            return anymail("brevo", **options, timeout=TIMEOUT)
        case "sendgrid":
            # SMTP: Anymail has dropped this provider's API.
            key = secret(parts.netloc)
            return smtp(urlsplit(f"smtp+tls://apikey:{key}@smtp.sendgrid.net:587"))
    raise ValueError


def anymail(module: str, **options: Any) -> dict[str, Any]:
    return {"BACKEND": f"anymail.backends.{module}.EmailBackend", "OPTIONS": options}


def smtp(parts: SplitResult) -> dict[str, Any]:
    # With one of the two, Django would silently not authenticate.
    if not parts.hostname or bool(parts.username) is not bool(parts.password):
        raise ValueError
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port,
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp+tls",
            "use_ssl": parts.scheme == "smtp+ssl",
            "timeout": TIMEOUT,
        },
    }


def ses(parts: SplitResult) -> dict[str, Any]:
    """Return the options of boto3's client; without a key it uses the machine's role."""
    region = parts.hostname or ""
    if not re.fullmatch("[a-z]{2}(-[a-z]+)+-[0-9]", region) or (
        bool(parts.username) is not bool(parts.password)
    ):
        raise ValueError
    return {
        "region_name": region,
        "aws_access_key_id": unquote(parts.username or "") or None,
        "aws_secret_access_key": unquote(parts.password or "") or None,
        "config": {"connect_timeout": 2, "read_timeout": TIMEOUT},
    }


def secret(text: str) -> str:
    """Return a provider's key; ValueError for another form, such as user:key."""
    if not re.fullmatch(r"[\w.-]+", text, re.ASCII):
        raise ValueError
    return text
