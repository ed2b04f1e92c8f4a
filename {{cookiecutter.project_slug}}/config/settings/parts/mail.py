"""Outgoing mail: `plinth.mail.services.send` is the way to send it."""

from typing import Any

from config.settings.environment import env

DEFAULT_FROM_EMAIL = env.sender(
    "DEFAULT_FROM_EMAIL",
    default="noreply@{{ cookiecutter.domain_name }}",
)
# smtp+tls://user:password@host:587, or a provider's API: postmark://token
MAILERS: dict[str, dict[str, Any]] = {
    "default": env.mailer("EMAIL_URL")
    or {"BACKEND": "django.core.mail.backends.console.EmailBackend"},
}
# Authenticates the provider's webhook for bounces and complaints, /mail/events/PROVIDER/,
# which responds 404 until it is set.
ANYMAIL = {
    "WEBHOOK_SECRET": env.credentials("MAIL_WEBHOOK_SECRET"),
    "MAILGUN_WEBHOOK_SIGNING_KEY": env("MAILGUN_WEBHOOK_SIGNING_KEY"),
}
# More providers whose webhooks are open, for a mail server that relays to them.
MAIL_WEBHOOK_PROVIDERS = env.mail_providers("MAIL_WEBHOOK_PROVIDERS")
