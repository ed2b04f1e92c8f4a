"""The static analysers find holes in security, and none here."""

import pytest

from .commands import found, found_here, run

pytestmark = pytest.mark.practice(47)

HOLES = {
    "S102": "exec(input())\n",
    "S105": "password = 'hunter2'\n",
    "S113": "import requests\n\nrequests.get('https://example.com')\n",
    "S301": "import pickle\n\npickle.loads(b'')\n",
    "S307": "eval(input())\n",
    "S308": "from django.utils.safestring import mark_safe\n\nmark_safe(input())\n",
    "S324": "import hashlib\n\nhashlib.md5(b'')\n",
    "S501": "import requests\n\nrequests.get('https://a', verify=False, timeout=1)\n",
    "S602": "import subprocess\n\nsubprocess.run(input(), shell=True, check=True)\n",
    "S608": "sql = 'SELECT * FROM a WHERE b = ' + input()\n",
    "S610": "from apps.accounts.models import User\n\nUser.objects.extra(where=[input()])\n",
    "S611": "from django.db.models.expressions import RawSQL\n\nRawSQL(input(), [])\n",
}


def test_a_hole_is_refused() -> None:
    assert {rule for rule, code in HOLES.items() if rule in found(code)} == {*HOLES}


def test_there_is_no_hole() -> None:
    assert not found_here(r"S\d")


@pytest.mark.parametrize(
    "code",
    [
        "from config.settings import local\n",
        "from django.contrib.auth.models import User\n",
        "from django.views.decorators.csrf import csrf_exempt\n",
    ],
)
def test_a_rule_of_our_own_is_broken(code: str) -> None:
    assert "TID251" in found(code)


@pytest.mark.parametrize(
    "text",
    ["{% firstof name|safe %}\n", "{% autoescape off %}{% endautoescape %}\n"],
)
def test_a_template_that_does_not_escape_is_refused(text: str) -> None:
    assert "L001" in run("djlint", "--lint", "-", text=text).stdout


def test_every_template_escapes() -> None:
    assert "L001" not in run("djlint", "--lint", "templates", "apps").stdout
