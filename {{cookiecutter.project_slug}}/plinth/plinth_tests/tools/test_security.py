"""Ruff and djLint find what opens a security hole."""

from pathlib import Path

import pytest

from .commands import configured, found, plant, run

pytestmark = pytest.mark.practice(47)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("S102", "exec(input())\n"),
        ("S105", "password = 'hunter2'\n"),
        ("S113", "import requests\n\nrequests.get('https://example.com')\n"),
        ("S301", "import pickle\n\npickle.loads(b'')\n"),
        ("S307", "eval(input())\n"),
        ("S308", "from django.utils.safestring import mark_safe\n\nmark_safe(input())\n"),
        ("S324", "import hashlib\n\nhashlib.md5(b'')\n"),
        ("S501", "import requests\n\nrequests.get('https://a', verify=False, timeout=1)\n"),
        ("S602", "import subprocess\n\nsubprocess.run(input(), shell=True, check=True)\n"),
        ("S608", "sql = 'SELECT * FROM a WHERE b = ' + input()\n"),
        ("S610", "from shop.models import Item\n\nItem.objects.extra(where=[input()])\n"),
        ("S611", "from django.db.models.expressions import RawSQL\n\nRawSQL(input(), [])\n"),
        ("TID251", "from config.settings import local\n"),
        ("TID251", "from django.contrib.auth.models import User\n"),
        ("TID251", "from django.views.decorators.csrf import csrf_exempt\n"),
    ],
)  # fmt: skip
def test_security_hole_is_an_error(rule: str, code: str) -> None:
    assert rule in found(code)


def test_template_without_escaping_is_an_error(tmp_path: Path) -> None:
    templates = {
        "safe.html": "{% firstof name|safe %}\n",
        "off.html": "{% autoescape off %}{{ name }}{% endautoescape %}\n",
        "escaped.html": "{% firstof name %}\n",
    }
    for name, text in templates.items():
        plant(configured(tmp_path) if name == "safe.html" else tmp_path, name, text)

    lines = run("djlint", "--lint", ".", cwd=tmp_path).stdout.splitlines()

    # A file's name stands above its findings.
    found = {
        name: any("L001" in line for line in lines[number : number + 4])
        for number, line in enumerate(lines)
        for name in templates
        if line.strip() == name
    }
    assert found == {"safe.html": True, "off.html": True}
