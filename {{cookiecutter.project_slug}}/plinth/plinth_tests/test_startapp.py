"""`make app`: which names it refuses, and the texts of the app that it writes."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.BASE_DIR = tmp_path
    (tmp_path / "apps/shop").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((name, "Lower-case letters") for name in ("Apps", "é", "1st", "a__b", "a_")),
        ("shop", "apps/shop exists"),
        ("class", "Python reserves the word"),
        ("auth", "An installed app has this label"),
    ],
)
def test_name_is_refused_in_one_line(folder: Path, name: str, reason: str) -> None:
    before = sorted(folder.rglob("*"))

    with pytest.raises(CommandError) as refused:
        call_command("startapp", name)

    assert str(refused.value).startswith(reason)
    assert len(str(refused.value).splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


def test_texts_of_a_new_app_are_translatable(folder: Path) -> None:
    call_command("startapp", "guest_book", verbosity=0)

    page = (folder / "templates/guest_book/list.html").read_text()
    models = (folder / "apps/guest_book/models.py").read_text()
    texts = {'translate "Entries"': page, 'translate "There are none yet."': page}
    texts |= {'_("title")': models, '_("entry")': models, '_("entries")': models}
    assert all(text in source for text, source in texts.items())
    for text in ("Entries", "There are none"):
        assert page.count(text) == page.count(f'{{% translate "{text}')
