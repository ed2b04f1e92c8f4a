"""The order of MIDDLEWARE: each line says what would go wrong in the other one."""

import re

import pytest
from django.conf import settings

from plinth_tests.processes import COMPLETE, run_code

pytestmark = pytest.mark.practice(65)

LOG = "plinth.logs.middleware.RequestLogMiddleware"
PROXY = "plinth.http.proxies.ProxyHeadersMiddleware"
HEALTH = "plinth.health.middleware.HealthMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
FILES = "whitenoise.middleware.WhiteNoiseMiddleware"
COMPRESSION = "plinth.http.compression.CompressionMiddleware"
PRIVACY = "plinth.http.privacy.SessionPrivacyMiddleware"
TRACKING = "plinth.http.middleware.TrackingMiddleware"
POLICY = "django.middleware.csp.ContentSecurityPolicyMiddleware"
REPLICA = "plinth.database.middleware.ReplicaMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
USER = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"


@pytest.fixture(scope="module")
def production() -> list[str]:
    """The middleware of a server, outermost first."""
    code = """
import config.wsgi
from django.conf import settings
print(*settings.MIDDLEWARE)
"""
    return run_code(code, **COMPLETE).stdout.split()


@pytest.mark.practice(19)
@pytest.mark.parametrize(
    ("outer", "inner", "otherwise"),
    [
        (LOG, HEALTH, "an answer to a probe has no id and no line in the log"),
        (LOG, PROXY, "what fails there has no id and no line in the log"),
        (PROXY, HEALTH, "a probe that asks for an address gets the proxy's"),
        (PROXY, SECURITY, "whoever says so has come by https"),
        (HEALTH, SECURITY, "a probe over http is sent to https, which it can't speak"),
        (HEALTH, COMMON, "a probe by IP address is refused as a wrong host"),
        (SECURITY, FILES, "a file comes without HSTS, and over http"),
        (FILES, COMPRESSION, "a file is compressed again for each visitor"),
        (FILES, SESSION, "each file of a page costs the work of a page"),
        (COMPRESSION, COMMON, "Content-Length is of the page that was not compressed"),
        (COMPRESSION, SESSION, "what is compressed lacks Vary: Cookie"),
        (POLICY, SESSION, "an answer that ends early has no policy"),
        (REPLICA, SESSION, "who has just written a session reads an old one"),
        (PRIVACY, SESSION, "an answer that sets a session's cookie is public"),
        (PRIVACY, CSRF, "an answer that sets a token's cookie is public"),
        (PRIVACY, MESSAGES, "an answer that sets a message's cookie is public"),
        (COMMON, TRACKING, "the slash that is added costs a campaign its name"),
        (SESSION, CSRF, "a token in the session can't be read"),
        (SESSION, USER, "nobody is signed in: the session says who it is"),
        (COMMON, CSRF, "a form without its slash fails instead of being redirected"),
        (SESSION, MESSAGES, "a message is lost when a cookie is too small for it"),
    ],
)
def test_each_middleware_stands_where_it_must(
    production: list[str], outer: str, inner: str, otherwise: str
) -> None:
    for middleware in (production, settings.MIDDLEWARE):
        assert middleware.index(outer) < middleware.index(inner), otherwise


def test_the_diagram_shows_this_middleware(production: list[str]) -> None:
    page = (settings.BASE_DIR / "docs" / "requests.md").read_text()

    shown = re.findall(r"^ {4}(\w+Middleware)\b", page, re.MULTILINE)

    assert shown == [path.rpartition(".")[2] for path in production]
