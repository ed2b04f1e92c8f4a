"""A browser opens a baked site, as a newcomer runs it and as production serves it.

`SCREENSHOTS=1 make test ARGS="-k 'first_page or practices_are'"` also writes the pictures
that the README shows, in the fonts that the machine has.
"""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FloatRect,
    Page,
    expect,
    sync_playwright,
)

from tests.conftest import Bake
from tests.services import free_port
from tests.support import REPOSITORY, clean_environment, copy_of, run

pytestmark = pytest.mark.services("chromium")

# On a busy machine a page may take its time.
expect.set_options(timeout=60_000)

EMAIL = "ann@example.com"
PASSWORD = "a long and quiet password"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to write to: with a database, a member of staff, and static files."""
    project = copy_of(install(), tmp_path_factory.mktemp("browser"))
    python = project / ".venv/bin/python"
    run(python, "manage.py", "migrate", cwd=project)
    run(python, "manage.py", "seed_catalog", "--products=60", cwd=project)
    for email in (EMAIL, "bo@example.com"):
        run(
            python,
            "manage.py",
            "createsuperuser",
            "--noinput",
            f"--email={email}",
            cwd=project,
            env={"DJANGO_SUPERUSER_PASSWORD": PASSWORD},
        )
    return project


def serve(project: Path, port: int, *command: str, **env: str) -> Iterator[str]:
    """Run a server until the fixture that yields from here is done; give its address."""
    url = f"http://localhost:{port}"
    log = project.with_name(f"{port}.log")
    with log.open("w") as output:
        server = subprocess.Popen(
            [project / ".venv/bin" / command[0], *command[1:]],
            cwd=project,
            env=clean_environment() | env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(f"{url}/health/ready/", server, log)
            yield url
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=40)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(150):
        try:
            urllib.request.urlopen(url, timeout=5)
        except OSError:
            time.sleep(0.2)
            if server.poll() is None:
                continue
        else:
            return
        break
    pytest.fail(f"{url} does not answer:\n{log.read_text()}", pytrace=False)


@pytest.fixture(scope="module")
def local(project: Path) -> Iterator[str]:
    port = free_port()
    yield from serve(project, port, "python", "manage.py", "runserver", str(port))


@pytest.fixture(scope="module")
def production(project: Path) -> Iterator[str]:
    port = free_port()
    env = {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": f"sqlite:///{project}/db.sqlite3",
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "SECURE_SSL_REDIRECT": "false",
        "WEB_CONCURRENCY": "1",
        "PORT": str(port),
    }
    run(
        project / ".venv/bin/python",
        "manage.py",
        "collectstatic",
        "--noinput",
        cwd=project,
        env=env,
    )
    yield from serve(
        project,
        port,
        "gunicorn",
        "--config=python:plinth.server.gunicorn",
        "config.wsgi",
        **env,
    )


@pytest.fixture(params=["local", "production"])
def site(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # Root, in a container, has neither the sandbox nor much shared memory.
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page in a new window; at the end, fail on anything the browser minded."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(url: str, status: int = 200, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(
            """addEventListener("securitypolicyviolation", event => console.error(
                `${event.violatedDirective} refuses ${event.blockedURI}`))"""
        )
        page = context.new_page()

        def on_console(message: ConsoleMessage) -> None:
            place = message.location["url"]
            if (
                message.type in ("error", "warning")
                # That the page itself is an error is what the test asked for.
                and not (status != 200 and place == url)
                # The proxy serves uploads, and there is none here.
                and "/media/" not in place
            ):
                complaints.append(f"{page.url}: {message.text}")

        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", on_console)
        response = page.goto(url)
        assert response
        assert response.status == status
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(page: Page, password: str = PASSWORD, email: str = EMAIL) -> None:
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def assert_fit_for_everybody(page: Page, *without: str) -> None:
    """Nothing is cut off, and no rule of WCAG that a program can check is broken.

    Without those rules that somebody else's part of the page breaks.
    """
    # A click is over when the next page begins to arrive: it may be empty yet.
    page.wait_for_load_state()
    wider = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wider == 0, f"{page.url} is {wider} pixels wider than the window"
    report = Axe().run(
        page,
        # The toolbar is not ours, and developers alone see it.
        context={"exclude": [["#djDebugRoot"]]},
        # A preload adds a style sheet, which the content security policy refuses.
        options={
            "resultTypes": ["violations"],
            "preload": False,
            "rules": {rule: {"enabled": False} for rule in without},
        },
    )
    faults = [
        (fault["help"], node["target"], node["failureSummary"])
        for fault in report.response["violations"]
        for node in fault["nodes"]
    ]
    assert faults == [], page.url


LOOKS = [
    pytest.param(
        {"viewport": viewport, "color_scheme": scheme}, id=f"{device}-{scheme}"
    )
    for device, viewport in {"phone": PHONE, "desk": DESK}.items()
    for scheme in ("light", "dark")
]


@pytest.mark.parametrize("look", LOOKS)
def test_first_page_of_a_new_project_is_accessible(
    local: str, open_page: Open, look: dict[str, object]
) -> None:
    page = open_page(f"{local}/", **look)

    expect(page.get_by_role("heading", name="Your site runs")).to_be_visible()
    assert_fit_for_everybody(page)
    if look["viewport"] == DESK and "SCREENSHOTS" in os.environ:
        picture = REPOSITORY / f"docs/home-{look['color_scheme']}.png"
        page.screenshot(path=picture, full_page=True)
        assert picture.stat().st_size < 150_000


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible(
    production: str, open_page: Open, look: dict[str, object]
) -> None:
    page = open_page(f"{production}/", **look)
    assert_fit_for_everybody(page)
    for path in ("reset/", "reset/sent/", "reset/MQ/wrong/", "sign-in/"):
        page.goto(f"{production}/accounts/{path}")
        assert_fit_for_everybody(page)
    # Of nobody: six attempts would lock an account for the other tests.
    sign_in(page, "wrong", "nobody@example.com")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_fit_for_everybody(page)
    sign_in(page)
    expect(page).to_have_url(f"{production}/accounts/profile/")
    assert_fit_for_everybody(page)
    for path in ("accounts/password/", "practices/"):
        page.goto(f"{production}/{path}")
        assert_fit_for_everybody(page)


@pytest.mark.parametrize("look", LOOKS)
def test_ledger_is_accessible(
    local: str, open_page: Open, look: dict[str, object]
) -> None:
    page = open_page(f"{local}/", **look)
    page.get_by_role("link", name="The practices").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "73 practices for high traffic"
    )
    tiles = page.get_by_role("main").locator("details")
    expect(tiles).to_have_count(73)
    assert_fit_for_everybody(page)

    tile = tiles.filter(has_text="Connection lifetime")
    tile.locator("summary").click()

    expect(tile.get_by_text("Proof", exact=True)).to_be_visible()
    assert_fit_for_everybody(page)
    if (
        look == {"viewport": DESK, "color_scheme": "light"}
        and "SCREENSHOTS" in os.environ
    ):
        picture = REPOSITORY / "docs/practices.png"
        top: FloatRect = {"x": 0, "y": 0, "width": 1280, "height": 1200}
        page.screenshot(path=picture, full_page=True, clip=top)
        assert picture.stat().st_size < 200_000


@pytest.mark.parametrize("look", LOOKS)
def test_catalogue_is_accessible(
    production: str, open_page: Open, look: dict[str, object]
) -> None:
    page = open_page(f"{production}/accounts/sign-in/", **look)
    sign_in(page)
    expect(page).to_have_url(f"{production}/accounts/profile/")
    for path in ("", "products/", "products/import/", "my-reviews/"):
        page.goto(f"{production}/catalog/{path}")
        assert_fit_for_everybody(page)
    page.goto(f"{production}/catalog/products/?q=lamp")
    page.get_by_role("main").get_by_role("heading", level=3).first.click()
    review = page.get_by_role("link", name="your review").or_(
        page.get_by_role("link", name="Write a review")
    )
    expect(review).to_be_visible()
    assert_fit_for_everybody(page)
    review.click()
    expect(page.get_by_label("Rating")).to_be_visible()
    assert_fit_for_everybody(page)
    page.get_by_label("Rating").select_option("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Thank you for your review.")
    assert_fit_for_everybody(page)


@pytest.mark.parametrize("look", LOOKS)
def test_development_inbox_is_accessible(
    local: str, open_page: Open, look: dict[str, object]
) -> None:
    page = open_page(f"{local}/accounts/reset/", **look)
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_role("main").get_by_role("button").click()
    page.get_by_role("navigation", name="Site").get_by_role(
        "link", name="Inbox"
    ).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    assert_fit_for_everybody(page)
    page.get_by_role("link", name="Choose a new password").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Choose a new password"
    )
    assert_fit_for_everybody(page)

    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Hello")).to_be_visible()
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Choose a new password").click()

    expect(opened.value.get_by_role("heading", level=1)).to_have_text(
        "Choose a new password"
    )
    assert_fit_for_everybody(opened.value)


@pytest.mark.parametrize("look", LOOKS)
def test_not_found_page_is_accessible(
    production: str, open_page: Open, look: dict[str, object]
) -> None:
    page = open_page(f"{production}/nowhere/", status=404, **look)

    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert_fit_for_everybody(page)


def test_skip_link_is_the_first_focus(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/")

    page.keyboard.press("Tab")
    skip_link = page.get_by_role("link", name="Skip to content")
    expect(skip_link).to_be_focused()
    expect(skip_link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link").first).to_be_focused()


def test_wrong_password_is_explained_beside_its_field(
    site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/accounts/sign-in/")
    expect(page.get_by_label("Email address")).to_be_focused()

    sign_in(page, "wrong")

    expect(page.get_by_role("alert")).to_contain_text("not correct")
    expect(page).to_have_title("Error: Sign in – My Site")
    expect(page.get_by_label("Email address")).to_be_focused()
    expect(page.get_by_label("Email address")).to_have_value(EMAIL)


def test_first_field_in_error_has_the_focus(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/accounts/sign-in/")
    sign_in(page)
    expect(page).to_have_url(f"{site}/accounts/profile/")
    page.goto(f"{site}/accounts/password/")
    old = page.locator("[name=oldpassword]")

    old.fill("wrong")
    page.locator("[name=password1]").fill("another long and quiet password")
    page.locator("[name=password2]").fill("another long and quiet password")
    page.get_by_role("main").get_by_role("button").first.click()

    expect(old).to_be_focused()
    expect(old).to_have_attribute("aria-invalid", "true")
    expect(old).to_have_accessible_description(
        re.compile("Please type your current password.$")
    )
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(old).to_be_focused()


def test_user_signs_in_and_out(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/accounts/sign-in/?next=/accounts/profile/")
    sign_in(page)

    page.get_by_role("button", name="Save").click()
    message = page.get_by_role("main").get_by_role("status")
    expect(message).to_have_text("Your profile is saved.")
    page.get_by_role("button", name="Sign out").click()

    expect(page).to_have_url(f"{site}/")
    expect(
        page.get_by_role("banner").get_by_role("link", name="Sign in")
    ).to_be_visible()


def test_admin_works_under_the_content_security_policy(
    site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/accounts/sign-in/")
    sign_in(page)
    expect(page).to_have_url(f"{site}/accounts/profile/")

    page.goto(f"{site}/admin/")
    page.get_by_role("link", name="Users").click()
    page.get_by_role("link", name=EMAIL).click()

    expect(page.get_by_label("Email address")).to_have_value(EMAIL)


def test_debug_toolbar_works_under_the_content_security_policy(
    local: str, open_page: Open
) -> None:
    page = open_page(f"{local}/")
    page.get_by_title("Show toolbar").click()
    page.get_by_role("link", name="Headers").click()

    expect(page.get_by_role("heading", name="Request headers")).to_be_visible()


def test_flame_graph_takes_the_place_of_a_page(local: str, open_page: Open) -> None:
    page = open_page(f"{local}/accounts/sign-in/")
    sign_in(page)
    expect(page).to_have_url(f"{local}/accounts/profile/")

    page.goto(f"{local}/catalog/?profile")

    expect(page.get_by_text("GET /catalog/", exact=True)).to_be_visible()
    expect(page.get_by_role("radio", name="Timeline")).to_be_checked()
    # The graph is drawn: bars of several colours.
    canvas = page.locator("canvas").first
    colours = canvas.evaluate(
        """canvas => new Set(new Uint32Array(canvas.getContext("2d").getImageData(
            0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )
    assert colours > 10


def test_silk_works_under_the_content_security_policy(
    project: Path, open_page: Open
) -> None:
    run(
        project / ".venv/bin/python",
        *("manage.py", "migrate", "silk"),
        cwd=project,
        env={"SILK": "true"},
    )
    port = free_port()
    command = ("python", "manage.py", "runserver", str(port))
    for url in serve(project, port, *command, SILK="true"):
        page = open_page(f"{url}/catalog/")
        page.goto(f"{url}/silk/requests/")
        recorded = page.locator("a[href*='/silk/request/']")
        recorded.filter(has_text="/catalog/").first.click()
        page.get_by_role("link", name="SQL").click()
        expect(page.get_by_text("catalog_category").first).to_be_visible()

        page.goto(f"{url}/silk/requests/")
        page.locator("select[name=order_by]").select_option(label="Path")

        expect(page).to_have_url(re.compile("order_by=path"))


def test_saved_template_reloads_the_page(
    local: str, project: Path, open_page: Open
) -> None:
    page = open_page(f"{local}/")
    home = project / "templates/pages/home.html"
    before = home.read_text()

    home.write_text(before.replace("What next?", "What now?"))

    expect(page.get_by_role("heading", name="What now?")).to_be_visible()
    home.write_text(before)
