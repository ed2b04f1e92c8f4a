"""Every text of a new project is translatable, and German is complete."""

import filecmp
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import Bake
from tests.services import free_port
from tests.support import DEFAULT, copy_of, run
from tests.test_browser import (  # noqa: F401 (fixtures)
    LOOKS,
    Open,
    assert_fit_for_everybody,
    browser,
    open_page,
    serve,
)
from tests.test_everyday import second_language

GERMAN = Path("plinth/src/plinth/locale/de/LC_MESSAGES")
# Run in the project. A translated text is put into brackets; what has letters outside of them
# was not translated. Names of the site, of products and of users are digits; the inbox is a
# development tool, which speaks English.
PSEUDO = '''
import re
from html.parser import HTMLParser

import pytest
from django.core import mail
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import LocalePrefixPattern
from django.utils import translation

from apps.accounts.models import User
from apps.catalog import services
from apps.catalog.models import Category, Product

TOLD = {"alt", "aria-label", "placeholder", "title", "data-failed", "data-refused", "data-too-large"}


@pytest.fixture(autouse=True)
def brackets(monkeypatch, settings):
    one = lambda *texts: f"⟦{texts[-1]}⟧"
    many = lambda *texts: f"⟦{texts[-2] if texts[-1] != 1 else texts[-3]}⟧"
    for name, function in (
        ("gettext", one), ("pgettext", one), ("ngettext", many), ("npgettext", many)
    ):
        monkeypatch.setattr(translation._trans, name, function)
    settings.SITE_NAME = settings.SITE_DESCRIPTION = "1"
    # Names too: those of time zones.
    monkeypatch.setattr("plinth.database.fields.places", list)


class Texts(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found, self.inside = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.inside.append(tag)
        self.found += [text or "" for name, text in attributes if name in TOLD]
        if tag in {"input", "img", "link", "meta", "br", "hr"}:
            self.inside.pop()

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style", "code"} & set(self.inside):
            self.found.append(data)


def left(texts):
    """What is outside of brackets, which may be inside of others, and has letters."""
    text = "\\n".join(texts)
    while (less := re.sub("⟦[^⟦⟧]*⟧", "", text)) != text:
        text = less
    return {line.strip() for line in text.splitlines() if re.search("[a-zA-Z]", line)}


def pages(patterns, prefix=""):
    """The paths without arguments that are below a language's prefix, but the admin's."""
    for each in patterns:
        route = prefix + str(each.pattern)
        if hasattr(each, "url_patterns"):
            if route != "admin/":
                yield from pages(each.url_patterns, route)
        elif "<" not in route and not route.endswith((".txt", ".ico", ".webmanifest")):
            yield f"/{route}"


@pytest.mark.django_db(transaction=True)
def test_no_text_is_left():
    user = User.objects.create_superuser("1@1.example", "2-34-56-789", name="2")
    category = Category.objects.create(name="3", slug="3")
    made = [Product(sku=f"5{n}", name=f"5{n}", category=category, price=n) for n in range(30)]
    Product.objects.bulk_create(made)
    services.save_review(Product.objects.get(sku="51").pk, user.pk, 4, "6")
    [localised] = [p for p in get_resolver().url_patterns if isinstance(p.pattern, LocalePrefixPattern)]
    paths = [*pages(localised.url_patterns), "/nowhere/"]
    paths += [reverse(f"catalog:{name}", args=["51"]) for name in ("product", "review", "manual-upload")]
    assert {"/", "/accounts/sign-in/", "/catalog/products/"} <= set(paths)
    wrong = {}
    for signed_in in (False, True):
        client = Client()
        if signed_in:
            client.force_login(user)
        for path in paths:
            for method in (client.get, client.post):
                response = method(path, follow=True)
                if "html" in response["Content-Type"] and not response.streaming:
                    texts = Texts(response.text).found
                    if found := left(texts) - {"1@1.example", "Inbox"}:
                        wrong.setdefault(path, set()).update(found)
    client = Client()
    client.post("/accounts/reset/", {"email": user.email})
    assert mail.outbox
    for message in mail.outbox:
        texts = [message.subject, message.body, *Texts(message.alternatives[0][0]).found]
        if found := left(re.sub(r"https?://\\S+", "", text) for text in texts):
            wrong[message.subject] = found
    assert wrong == {}
'''


# Prints the texts that say "du"; those of allauth.idp, which is not installed, may.
ADDRESSES = """
import re
from django.utils.translation import trans_real

german = trans_real.translation("de")._catalog
du = {"du", "dein", "deine", "deinem", "deinen", "deiner", "dich", "dir"}
other = "client|View your|one value per line|displayed on your device"
for text in german.keys():
    if du & {*re.split("[^a-z]", german[text].lower())} and not re.search(other, str(text)):
        print(german[text])
"""


@pytest.fixture(scope="module")
def german(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site in English and German, as a developer runs it."""
    project = copy_of(install(**DEFAULT), tmp_path_factory.mktemp("german"))
    second_language(project)
    run(".venv/bin/python", "manage.py", "migrate", "--verbosity", "0", cwd=project)
    port = free_port()
    yield from serve(project, port, "python", "manage.py", "runserver", str(port))


@pytest.mark.services("chromium")
@pytest.mark.parametrize("look", LOOKS)
def test_language_switch_leads_to_german_and_back(
    german: str,
    open_page: Open,  # noqa: F811
    look: dict[str, object],
) -> None:
    page = open_page(f"{german}/", **look)
    assert_fit_for_everybody(page)

    page.get_by_role("link", name="Deutsch").click()

    expect(page).to_have_url(f"{german}/de/")
    assert_fit_for_everybody(page)
    page.get_by_role("banner").get_by_role("link", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    current = page.get_by_role("navigation", name="Sprache").locator("[aria-current]")
    expect(current).to_have_text("Deutsch")
    assert_fit_for_everybody(page)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page).to_have_url(f"{german}/accounts/sign-in/")


def test_no_text_is_left(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(**DEFAULT), tmp_path)
    (project / "tests/test_pseudo.py").write_text(PSEUDO)

    run(".venv/bin/pytest", "-q", "tests/test_pseudo.py", cwd=project)


@pytest.mark.services("gettext")
def test_german_is_complete(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(**DEFAULT), tmp_path)
    mine = project / "locale/de/LC_MESSAGES"
    mine.mkdir(parents=True)
    shutil.copy(project / GERMAN / "django.po", mine)

    run("make", "messages", cwd=project)

    for kind in ("--untranslated", "--only-fuzzy", "--only-obsolete"):
        assert run("msgattrib", kind, mine / "django.po", cwd=project) == "", kind
    for messages in (project / "plinth/src").rglob("*.po"):
        run("msgfmt", "-o", mine / "again.mo", messages, cwd=project)
        compiled = messages.with_suffix(".mo")
        assert filecmp.cmp(mine / "again.mo", compiled, shallow=False), messages


def test_german_has_one_form_of_address(install: Bake) -> None:
    project = install(**DEFAULT)

    shell = (".venv/bin/python", "manage.py", "shell", "-v0", "-c", ADDRESSES)
    assert run(*shell, cwd=project) == ""


@pytest.mark.services("gettext")
def test_texts_that_the_foundation_translates_are_not_collected(
    install: Bake, tmp_path: Path
) -> None:
    project = copy_of(install(**DEFAULT), tmp_path)
    (project / "templates/bread.html").write_text('{% translate "Bread" %}')
    run("make", "messages", "NAME=de", cwd=project)
    messages = project / "locale/de/LC_MESSAGES/django.po"
    header, *collected = messages.read_text().split("\n\n")
    assert header.startswith("# Texts of My Site.\nmsgid")
    assert "PACKAGE" not in header
    assert collected == ['msgid "Bread"\nmsgstr ""\n']

    # One of the foundation's texts, and a text that is no longer shown.
    mine = 'msgid "Sign in"\nmsgstr "Einloggen"'
    gone = '#~ msgid "Gone"\n#~ msgstr "Weg"'
    messages.write_text("\n\n".join([header, mine, *collected, gone]))
    run("make", "messages", cwd=project)

    assert {*messages.read_text().strip().split("\n\n")[1:]} == {
        *(mine, collected[0].strip(), gone)
    }


@pytest.mark.services("gettext")
def test_another_language_is_added(install: Bake, tmp_path: Path) -> None:
    project = copy_of(install(**DEFAULT), tmp_path)
    page = project / "templates/pages/home.html"
    page.write_text(
        page.read_text().replace("{{ SITE_DESCRIPTION }}", '{% translate "Bread" %}')
    )
    base = project / "config/settings/base.py"
    base.write_text(
        base.read_text().replace(
            '("en", "English")', '("en", "English"), ("fr", "Français")'
        )
    )
    run("make", "messages", "NAME=fr", cwd=project)
    messages = project / "locale/fr/LC_MESSAGES/django.po"
    text = messages.read_text()
    for word, french in (("Bread", "Pain"), ("Sign in", "Connexion")):
        assert f'msgid "{word}"\nmsgstr ""' in text
        text = text.replace(
            f'msgid "{word}"\nmsgstr ""', f'msgid "{word}"\nmsgstr "{french}"'
        )
    messages.write_text(text)

    run("make", "messages", cwd=project)

    ask = "from django.test import Client; print(Client().get('/fr/', headers={'host': 'localhost'}).text)"
    shown = run(".venv/bin/python", "manage.py", "shell", "-v0", "-c", ask, cwd=project)
    assert "Pain" in shown
    assert "Connexion" in shown
    assert not (project / "plinth/src/plinth/locale/fr").exists()
