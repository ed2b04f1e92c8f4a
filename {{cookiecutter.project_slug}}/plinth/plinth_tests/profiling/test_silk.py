"""django-silk: local settings alone, behind a switch, with bounded storage."""

import re

import pytest

from plinth_tests.processes import EMBEDDED, evaluate

pytestmark = pytest.mark.practice(24)

SITE = """
import sys
import config.wsgi
from config import urls
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from plinth_tests import site
site.use(settings)
site.urlpatterns += [path for path in urls.urlpatterns if "development" in str(path)]
client = Client(headers={"host": HOST})
"""
LOCAL = "import warnings\nwarnings.simplefilter('error')" + SITE.replace(
    "HOST", '"localhost"'
)
RECORDING = f"""{LOCAL}
call_command("migrate", verbosity=0)
from silk.config import SilkyConfig
from silk.models import Request
"""
ON = {"environment": "local", "DATABASE_URL": "sqlite://", "SILK": "true"}
LOADED = """
result = [[name for name in sys.modules if name.partition(".")[0] == "silk"]]
result += [client.get("/silk/", secure=True).status_code]
"""


def test_silk_is_not_imported_without_its_switch() -> None:
    assert evaluate(f"{LOCAL}{LOADED}", **ON | {"SILK": ""}) == [[], 404]


def test_production_has_no_silk_with_the_switch_either() -> None:
    code = SITE.replace("HOST", '"example.com"') + LOADED

    assert evaluate(code, **EMBEDDED | {"SILK": "true"}) == [[], 404]


def test_requests_are_recorded_with_their_queries() -> None:
    code = f"""{RECORDING}
from django.contrib.auth import get_user_model
client.force_login(get_user_model().objects.create_user("ann@example.com"))
compressed = client.get("/form/?page=2", headers={{"accept-encoding": "br"}})
client.get("/user/")
client.get("/health/ready/")
[form, user] = Request.objects.order_by("start_time")
pages = [client.get(f"/silk/{{name}}") for name in ("", "requests/", f"request/{{user.pk}}/sql/")]
result = [
    form.path, form.query_params, "A sentence" in form.response.raw_body_decoded.decode(),
    [query.query.split()[0] for query in user.queries.all()],
    [page.status_code for page in pages], "/user/" in pages[1].text,
    [page.headers["Content-Security-Policy"] for page in pages][0],
]
"""
    *recorded, policy = evaluate(code, **ON)

    assert recorded == [
        *("/form/", '{"page": "2"}', True),
        ["SELECT", "SELECT"],
        [200, 200, 200],
        True,
    ]
    # Event handlers in its pages, but still no script of a page's text.
    # The site's own sources, and what an owner has added, are among them.
    assert re.search(r"script-src [^;]*'self'", policy)
    assert not re.search(r"script-src [^;]*'unsafe-inline'", policy)
    assert "script-src-attr 'unsafe-inline'" in policy


def test_records_are_bounded() -> None:
    code = f"""{RECORDING}
client.get("/plain/")
config = SilkyConfig()
limits = [config.SILKY_MAX_RECORDED_REQUESTS]
limits += [config.SILKY_MAX_REQUEST_BODY_SIZE, config.SILKY_MAX_RESPONSE_BODY_SIZE]
config.attrs |= {{"SILKY_MAX_RECORDED_REQUESTS": 5, "SILKY_MAX_RECORDED_REQUESTS_CHECK_PERCENT": 100}}
for _ in range(10):
    client.get("/plain/")
count = Request.objects.count()
config.attrs["SILKY_MAX_RESPONSE_BODY_SIZE"] = 1_000
client.get("/form/")
result = [limits, count, Request.objects.latest("start_time").response.raw_body]
"""
    limits, count, body = evaluate(code, **ON)

    assert 0 < limits[0] <= 10_000
    assert all(0 <= size <= 1_000_000 for size in limits[1:])
    assert count <= 5
    assert body == ""


def test_passwords_and_cookies_are_not_recorded() -> None:
    code = f"""{RECORDING}
from django.forms import model_to_dict
client.cookies["sessionid"] = "hidden"
client.post("/form/", {{"email": "ann", "password": "hidden"}}, content_type="application/json")
client.post("/form/", "email=ann&password=hidden", content_type="application/x-www-form-urlencoded")
result = [model_to_dict(request) for request in Request.objects.all()]
"""
    records = evaluate(code, **ON)

    assert len(records) == 2
    assert all("ann" in record["raw_body"] for record in records)
    assert "hidden" not in str(records)


def test_migrations_of_silk_are_complete() -> None:
    code = f"""{LOCAL}
from django.core.checks import run_checks
call_command("makemigrations", "silk", check=True, dry_run=True, verbosity=0)
result = [str(message) for message in run_checks() if "silk" in str(message)]
"""
    assert evaluate(code, **ON) == []
