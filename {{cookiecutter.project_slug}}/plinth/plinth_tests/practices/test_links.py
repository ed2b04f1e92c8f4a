"""Templates link by the names of URLs, and every name exists."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Engine
from django.template.defaulttags import URLNode
from django.urls import get_resolver

pytestmark = pytest.mark.practice(68)

FOLDERS = [settings.BASE_DIR / "templates", *settings.BASE_DIR.glob("apps/*/templates")]
TEMPLATES = [
    path.relative_to(folder)
    for folder in FOLDERS
    for pattern in ("*.html", "*.txt")
    for path in folder.rglob(pattern)
]


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_url_names_in_a_template_exist(template: Path) -> None:
    nodes = Engine.get_default().get_template(str(template)).nodelist
    links = [
        node.view_name.var
        for node in nodes.get_nodes_by_type(URLNode)
        # `{% url ... as variable %}` may find nothing, and a name in a variable comes
        # from Python.
        if isinstance(node, URLNode)
        and not node.asvar
        and isinstance(node.view_name.var, str)
    ]

    assert [link for link in links if not is_url(link)] == []


def is_url(link: str) -> bool:
    """Whether a URL has this name, whatever arguments it takes."""
    *namespaces, name = link.split(":")
    resolver = get_resolver()
    for namespace in namespaces:
        _, resolver = resolver.namespace_dict[namespace]
    return name in resolver.reverse_dict


def djlint(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            Path(sys.executable).with_name("djlint"),
            "--lint",
            "--configuration=pyproject.toml",
            *paths,
        ],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_hard_coded_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<a href="/accounts/profile/">Profile</a>\n')

    assert "D018" in djlint(tmp_path).stdout
