import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from zeal.errors import NPlusOneError

from apps.accounts.models import User
from plinth_tests.processes import run_code

pytestmark = pytest.mark.practice(25)

# A page of local, which lists what was done, and asks for each who did it.
PAGE = """
import config.wsgi
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views.generic import View
from apps.accounts.models import User
from config import urls
call_command("migrate", verbosity=0)
for name in "ab":
    user = User.objects.create_user(f"{name}@example.com")
    LogEntry.objects.create(user=user, action_flag=CHANGE, object_repr=name)
class NaiveView(View):
    def get(self, request):
        return HttpResponse([entry.user for entry in LogEntry.objects.all()])
urls.urlpatterns += [path("naive/", NaiveView.as_view(), name="naive")]
try:
    Client(headers={"host": "localhost"}).get("/naive/")
except Exception as error:
    print(type(error).__name__)
"""


@pytest.fixture
def entries(user: User) -> None:
    other = User.objects.create_user("bo@example.com")
    for person in (user, other):
        LogEntry.objects.create(user=person, action_flag=CHANGE, object_repr="it")


@pytest.mark.usefixtures("entries")
def test_a_query_for_each_row_fails_its_test() -> None:
    with pytest.raises(NPlusOneError, match=r"LogEntry\.user"):
        _ = [entry.user.email for entry in LogEntry.objects.all()]


@pytest.mark.usefixtures("entries")
def test_one_query_for_all_rows_passes() -> None:
    found = LogEntry.objects.select_related("user").order_by("user__email")

    assert [entry.user.name for entry in found] == ["Ann", ""]


def test_a_query_for_each_row_stops_the_page_in_local() -> None:
    done = run_code(PAGE, environment="local", DATABASE_URL="sqlite://")

    assert done.stdout.strip() == "NPlusOneError"
