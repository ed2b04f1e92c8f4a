"""Order of MIDDLEWARE: each line says what goes wrong in the other order."""

import pytest
from django.conf import settings

from plinth_tests.processes import COMPLETE, evaluate

pytestmark = pytest.mark.practice(65)

LOG = "plinth.logs.middleware.RequestLogMiddleware"
PROXY = "plinth.http.proxies.ProxyHeadersMiddleware"
HEALTH = "plinth.health.middleware.HealthMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
FILES = "whitenoise.middleware.WhiteNoiseMiddleware"
COMPRESSION = "plinth.http.compression.CompressionMiddleware"
PRIVACY = "plinth.http.privacy.SessionPrivacyMiddleware"
POLICY = "django.middleware.csp.ContentSecurityPolicyMiddleware"
REPLICA = "plinth.database.middleware.ReplicaMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
USER = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"


@pytest.fixture(scope="module")
def production() -> list[str]:
    """MIDDLEWARE of production, outermost first."""
    code = "from django.conf import settings\nresult = settings.MIDDLEWARE"
    found: list[str] = evaluate(code, **COMPLETE)
    return found


@pytest.mark.practice(19)
@pytest.mark.parametrize(
    ("outer", "inner", "otherwise"),
    [
        (LOG, HEALTH, "a health probe has no request id and no log line"),
        (LOG, PROXY, "an error there has no request id and no log line"),
        (PROXY, HEALTH, "a health probe sees the proxy's IP as the client's"),
        (PROXY, SECURITY, "any client can claim https"),
        (HEALTH, SECURITY, "a health probe over http is redirected to https"),
        (HEALTH, COMMON, "a health probe by IP address fails the host check"),
        (SECURITY, FILES, "a static file is served without HSTS, and over http"),
        (FILES, COMPRESSION, "a static file is compressed again for each request"),
        (FILES, SESSION, "a static file costs as much as a page"),
        (COMPRESSION, COMMON, "Content-Length is that of the uncompressed page"),
        (COMPRESSION, SESSION, "a compressed page lacks Vary: Cookie"),
        (POLICY, SESSION, "an early response has no content security policy"),
        (REPLICA, SESSION, "a session that was just written is read from a replica"),
        (PRIVACY, SESSION, "a response that sets the session cookie is public"),
        (PRIVACY, CSRF, "a response that sets the CSRF cookie is public"),
        (PRIVACY, MESSAGES, "a response that sets the message cookie is public"),
        (SESSION, CSRF, "a CSRF token in the session can't be read"),
        (SESSION, USER, "no user is signed in: the session has the user"),
        (COMMON, CSRF, "a form without the trailing slash fails, not redirects"),
        (SESSION, MESSAGES, "a message that is too large for a cookie is lost"),
    ],
)
def test_middleware_is_in_order(
    production: list[str], outer: str, inner: str, otherwise: str
) -> None:
    for middleware in (production, settings.MIDDLEWARE):
        # The project may leave one out, and has others of its own.
        if outer in middleware and inner in middleware:
            assert middleware.index(outer) < middleware.index(inner), otherwise
