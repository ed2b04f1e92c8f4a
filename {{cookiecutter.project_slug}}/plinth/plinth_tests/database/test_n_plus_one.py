"""N+1 queries raise in tests and in local settings."""

import pytest
from django.contrib.auth.models import Permission
from zeal.errors import NPlusOneError

from plinth_tests.processes import run_code

pytestmark = pytest.mark.practice(25)

# A page that queries the content type of each permission.
PAGE = """
import config.wsgi
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from config import urls
call_command("migrate", verbosity=0)
@login_not_required
def naive(request):
    return HttpResponse([each.content_type for each in Permission.objects.all()])
urls.urlpatterns += [path("naive/", naive)]
try:
    Client(headers={"host": "localhost"}).get("/naive/")
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.django_db
def test_query_for_each_row_fails_a_test() -> None:
    with pytest.raises(NPlusOneError, match=r"Permission\.content_type"):
        _ = [each.content_type.model for each in Permission.objects.all()]


@pytest.mark.django_db
def test_one_query_for_all_rows_passes() -> None:
    found = Permission.objects.select_related("content_type")

    assert len({each.content_type.model for each in found}) > 1


def test_query_for_each_row_fails_a_page_in_local() -> None:
    done = run_code(PAGE, environment="local", DATABASE_URL="sqlite://")

    assert done.stdout.strip() == "NPlusOneError"
