"""Imports in the background: how far they are, and what is left when they are over."""

from collections.abc import Collection
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import User
from apps.catalog import imports, services
from apps.catalog.bulk import Entry, upsert
from apps.catalog.models import Category, Import, Product

pytestmark = pytest.mark.django_db

ROWS = b"sku,name,category,price\n" + b"".join(
    b"A-%d,Lamp,Lamps,1\n" % number for number in range(2_500)
)


@pytest.fixture
def begun(user: User, category: Category) -> Import:
    """An import of 2,500 rows whose turn has not come."""
    return imports.begin_import(
        user.pk, ContentFile(ROWS, "../Products.CSV"), keep_good=False
    )


def finish(begun: Import, commit: DjangoCaptureOnCommitCallbacks) -> None:
    with commit(execute=True):
        imports.run_import(begun.pk)
    begun.refresh_from_db()


def test_all_rows_are_saved_and_the_file_is_deleted(
    begun: Import, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert default_storage.exists(begun.file)
    # Nothing of the name that it came with but what kind of file it is.
    assert begun.file.startswith("imports/")
    assert "roducts" not in begun.file

    finish(begun, django_capture_on_commit_callbacks)

    assert (begun.state, begun.saved) == (Import.State.SAVED, 2_500)
    assert Product.objects.count() == 2_500
    assert not default_storage.exists(begun.file)


@pytest.mark.parametrize("keep_good", [True, False])
def test_it_says_how_far_it_is(
    begun: Import, keep_good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    Import.objects.update(keep_good=keep_good)
    seen: list[tuple[str, int]] = []
    find_fault = services.find_fault

    def look_at_the_row(*args: dict) -> str:
        seen.extend(Import.objects.values_list("state", "percent"))
        return find_fault(*args)

    monkeypatch.setattr(services, "find_fault", look_at_the_row)
    monkeypatch.setattr(services, "BATCH_SIZE", 500)

    imports.run_import(begun.pk)

    checked = [percent for state, percent in seen if state == Import.State.CHECKING]
    saved = [percent for state, percent in seen if state == Import.State.SAVING]
    assert bool(checked) is not keep_good
    for percents in filter(None, (checked, saved)):
        assert percents == sorted(percents)
        assert percents[0] < 5
        assert len(set(percents)) > 90


def test_what_was_broken_off_is_begun_anew(
    begun: Import,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(services, "BATCH_SIZE", 1_000)
    Import.objects.update(keep_good=True)

    def die(batch: Collection[Entry]) -> None:
        if Product.objects.exists():
            raise ConnectionError
        upsert(batch)

    with monkeypatch.context() as patch:
        patch.setattr(services, "upsert", die)
        with pytest.raises(ConnectionError):
            imports.run_import(begun.pk)
    assert Product.objects.count() == 1_000
    assert default_storage.exists(begun.file)

    finish(begun, django_capture_on_commit_callbacks)

    assert (begun.state, begun.saved) == (Import.State.SAVED, 2_500)
    assert Product.objects.count() == 2_500


def test_what_is_over_is_not_begun_again(
    begun: Import, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    finish(begun, django_capture_on_commit_callbacks)
    Product.objects.all().delete()

    finish(begun, django_capture_on_commit_callbacks)

    assert not Product.objects.exists()


def test_one_that_fails_leaves_no_file(
    begun: Import, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        imports.fail_import(begun.pk)

    begun.refresh_from_db()
    assert begun.state == Import.State.FAILED
    assert not default_storage.exists(begun.file)


def test_what_was_lost_is_given_up_and_old_reports_go(
    begun: Import, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    now = timezone.now()
    Import.objects.create(file="a", keep_good=True, created=now)
    Import.objects.filter(pk=begun.pk).update(created=now - timedelta(days=2))
    Import.objects.create(file="b", keep_good=True, created=now - timedelta(days=40))

    with django_capture_on_commit_callbacks(execute=True):
        imports.clear_imports()

    states = dict(Import.objects.values_list("file", "state"))
    assert states == {"a": Import.State.WAITING, begun.file: Import.State.FAILED}
    assert not default_storage.exists(begun.file)
