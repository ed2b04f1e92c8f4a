"""The REST API of a baked project, by each framework, served as in production."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests import services
from tests.conftest import Bake
from tests.production import manage, servable, shell, sign_in
from tests.services import gunicorn
from tests.support import copy_of, run
from tests.test_browser import (  # noqa: F401 (fixtures)
    EMAIL,
    PASSWORD,
    Open,
    assert_fit_for_everybody,
    browser,
    open_page,
)
from tests.test_browser import sign_in as sign_in_by_the_form
from tests.test_everyday import delete_the_example
from tests.test_project import PAIRS

FRAMEWORKS = ["drf", "ninja"]
# Every request of a test comes from one address.
UNLIMITED = '\nAPI_RATES = dict.fromkeys(("anonymous", "user"), (10**6, 60))\n'
TOKEN = f"""
from apps.accounts.models import User
from plinth.api import tokens
print(tokens.create(User.objects.get(email="{EMAIL}"), "trial")[1])
"""


def answers(framework: str) -> dict[str, object]:
    """Those of a project that other tests install too."""
    pairs = (pair for pair in PAIRS if pair.get("rest_api") == framework)
    return next(pair for pair in pairs if pair["example_app"])


class Site(NamedTuple):
    project: Path
    address: str
    # Of the database and the hosts.
    variables: dict[str, str]


@pytest.fixture(scope="module", params=FRAMEWORKS)
def site(
    request: pytest.FixtureRequest,
    install: Bake,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A site on PostgreSQL with a few products, and a user who has a password."""
    folder = tmp_path_factory.mktemp(request.param)
    project = servable(
        install(**answers(request.param)),
        folder,
        config__settings__production=UNLIMITED,
    )
    with services.postgresql() as database:
        variables = {"DATABASE_URL": database, "ALLOWED_HOSTS": "localhost,127.0.0.1"}
        manage(project, "migrate", "--verbosity", "0", **variables)
        manage(project, "seed_catalog", "--products=30", **variables)
        user = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD} | variables
        manage(project, "createsuperuser", "--noinput", f"--email={EMAIL}", **user)
        with gunicorn(project, folder / "log", **variables) as address:
            yield Site(project, address, variables)


def fuzz(site: Site, folder: Path, *options: str) -> int:
    """Send what the schema allows and what it does not; return the number of requests.

    Fails if a response is not in the schema, or is an error of the server.
    """
    checks = [
        *("not_a_server_error", "status_code_conformance", "ignored_auth"),
        *("content_type_conformance", "response_headers_conformance"),
        *("response_schema_conformance", "unsupported_method"),
    ]
    report = run(
        shutil.which("schemathesis", path=Path(sys.executable).parent),
        *("run", f"{site.address}/api/v1/openapi.json"),
        *("--checks", ",".join(checks), "--max-examples=5", "--continue-on-failure"),
        *("--generation-deterministic", "--workers=1", "--no-color", *options),
        cwd=folder,
    )
    passed = re.search(r"(\d+) generated, \1 passed", report)
    assert passed, report
    return int(passed[1])


@pytest.mark.services("postgresql")
def test_responses_to_a_token_match_the_schema(site: Site, tmp_path: Path) -> None:
    key = shell(site.project, TOKEN, **site.variables).split()[-1]

    # DELETE would revoke the token of this run.
    requests = fuzz(
        *(site, tmp_path, f"--header=Authorization: Bearer {key}"),
        "--exclude-method=DELETE",
    )

    assert requests > 200


@pytest.mark.services("postgresql")
def test_responses_to_a_session_match_the_schema(site: Site, tmp_path: Path) -> None:
    [session] = sign_in(site.project, "Bo", **site.variables)
    csrf = "c" * 32

    requests = fuzz(
        *(site, tmp_path, f"--header=X-CSRFToken: {csrf}"),
        # Another scheme, such as that of a proxy in front, is none of the API's.
        "--exclude-checks=ignored_auth",
        f"--header=Cookie: __Host-sessionid={session}; __Host-csrftoken={csrf}",
        "--include-path-regex=/account/",
    )

    assert requests > 50


@pytest.mark.services("postgresql", "chromium")
def test_documentation_works_under_the_content_security_policy(
    site: Site,
    open_page: Open,  # noqa: F811
) -> None:
    address = site.address.replace("127.0.0.1", "localhost")
    page = open_page(f"{address}/accounts/sign-in/?next=/api/v1/docs/")
    sign_in_by_the_form(page)
    expect(page.locator(".opblock")).to_have_count(11)
    # Of Swagger UI: its colours, headings, and buttons in a button.
    assert_fit_for_everybody(
        page, "color-contrast", "heading-order", "nested-interactive", "region"
    )

    create = page.locator(".opblock-post").filter(has_text="/account/tokens/")
    create.locator(".opblock-summary-control").click()
    create.get_by_role("button", name="Try it out").click()
    create.get_by_role("button", name="Execute").click()

    response = create.locator(".live-responses-table .response")
    expect(response).to_contain_text("201")
    expect(response).to_contain_text("pat_")


SIGN_IN_OF_APPS = f"""
from apps.accounts.models import User
from django.test import Client
from django.urls import Resolver404, resolve
address = "/accounts/app/v1/auth/login"
try:
    resolve(address)
except Resolver404:
    print("off")
else:
    user = User.objects.create_user("{EMAIL}", "{PASSWORD}")
    client = Client(SERVER_NAME="example.com")
    form = {{"email": user.email, "password": "{PASSWORD}"}}
    token = client.post(address, form, "application/json").json()["meta"]["session_token"]
    app = Client(SERVER_NAME="example.com", headers={{"X-Session-Token": token}})
    print(app.get("/api/v1/account/").text)
    schema = app.get("/api/v1/openapi.json").json()
    print(sorted(schema["components"]["securitySchemes"]))

    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    TOTP.activate(user, generate_totp_secret())
    code, *_ = RecoveryCodes.activate(user).get_unused_codes()
    token = client.post(address, form, "application/json").json()["meta"]["session_token"]
    app = Client(SERVER_NAME="example.com", headers={{"X-Session-Token": token}})
    before = app.get("/api/v1/account/").status_code
    factor = address.replace("login", "2fa/authenticate")
    signed_in = app.post(factor, {{"code": code}}, "application/json").json()
    token = signed_in["meta"].get("session_token", token)
    app = Client(SERVER_NAME="example.com", headers={{"X-Session-Token": token}})
    print("second factor", before, app.get("/api/v1/account/").status_code)
"""


def test_app_without_pages_signs_in_where_a_variable_says_so(
    install: Bake, tmp_path: Path
) -> None:
    pairs = (
        each for each in PAIRS if each.get("sign_up") and each["rest_api"] != "none"
    )
    project = install(**next(pairs))
    site = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    manage(project, "migrate", "--verbosity", "0", **site)

    assert shell(project, SIGN_IN_OF_APPS, **site).split()[-1] == "off"
    printed = shell(project, SIGN_IN_OF_APPS, **site, SIGN_UP_HEADLESS="true")

    # Among lines of the log.
    [profile] = re.findall(r'^\{"email".*', printed, re.MULTILINE)
    assert json.loads(profile)["email"] == EMAIL
    assert "\n['App', 'Session', 'Token']\n" in printed
    assert "\nsecond factor 401 200\n" in printed


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_example_is_deleted(install: Bake, tmp_path: Path, framework: str) -> None:
    project = copy_of(install(**answers(framework)), tmp_path)

    delete_the_example(project)

    run("make", "check", "test", cwd=project)
