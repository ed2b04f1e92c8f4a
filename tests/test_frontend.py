"""The page about front ends: its commands and lines work under the strict policy."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import Bake
from tests.support import DEFAULT, copy_of, documented, run
from tests.test_project import running

pytestmark = [
    pytest.mark.scale,
    pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed"),
]


def test_htmx_tailwind_and_vite_work_as_documented(
    install: Bake, tmp_path: Path
) -> None:
    project = copy_of(install(**DEFAULT), tmp_path)
    page = project / "docs/frontend.md"
    (project / "assets").mkdir()
    (project / "assets/main.js").write_text(
        'import "./main.css";\ndocument.documentElement.dataset.vite = "on";\n'
    )
    (project / "assets/main.css").write_text("footer { letter-spacing: 3px; }\n")
    config = documented(page, "export default")
    (project / "vite.config.js").write_text(re.sub(r"(?m)^    ", "", config))
    links = "".join(
        documented(page, words)
        for words in ("htmx.min.js'", "css/tailwind.css' %", "vite/main.css")
    )
    base = project / "templates/base.html"
    text = base.read_text().replace(
        "    {% block style %}", f"{links}{{% block style %}}"
    )
    swap = '<p id="swap" class="underline" hx-get="/robots.txt" hx-trigger="load"></p>'
    base.write_text(text.replace("<footer>", f"{swap}<footer>"))
    for words in ("npm pack", "@tailwindcss/cli@4", "vite@8"):
        run("bash", "-ec", documented(page, words), cwd=project)
    run("npx", "vite", "build", cwd=project)

    with running(project) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page()
        errors: list[str] = []
        tab.on("console", lambda message: errors.append(message.text))
        tab.goto(address)
        tab.get_by_text("User-agent: *").wait_for()
        seen = tab.evaluate(
            """[document.documentElement.dataset.vite,
                getComputedStyle(document.querySelector("footer")).letterSpacing,
                getComputedStyle(document.querySelector("#swap")).textDecorationLine]"""
        )
        browser.close()

    assert seen == ["on", "3px", "underline"]
    assert errors == []
