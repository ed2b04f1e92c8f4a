"""What the image promises, as far as its recipe shows; building it shows the rest."""

import ast
import json
import re
import sys

import pytest
from django.conf import settings

from plinth.server import healthcheck
from plinth_tests.tools.commands import run

pytestmark = pytest.mark.practice(73)

ROOT = settings.BASE_DIR
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yml").read_text()


def instructions() -> dict[str, list[tuple[str, str]]]:
    """Return for each stage its instructions, with FROM first."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    stages: dict[str, list[tuple[str, str]]] = {}
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        if not line:
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages[rest.split(" AS ")[1]] = stage = []
        stage.append((word, rest))
    return stages


STAGES = instructions()
SERVES = STAGES["production"]


def of(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for name, rest in stage if name == word]


def services() -> dict[str, str]:
    """Return the text of each service of compose.yml."""
    text = COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]
    parts = re.split(r"^  (\w+):\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    done = run("hadolint", "Dockerfile")

    assert not done.stdout


def test_it_is_built_without_what_a_registry_would_have_to_add() -> None:
    assert not re.search(r"^#\s*syntax", DOCKERFILE, re.MULTILINE)
    assert list(STAGES)[-1] == "production"


def test_what_builds_stays_out_of_what_serves() -> None:
    assert of(SERVES, "FROM") == ["base AS production"]
    assert not of(SERVES, "RUN") + of(STAGES["base"], "RUN")
    assert all(copied.startswith("--from=build ") for copied in of(SERVES, "COPY"))


def test_a_change_of_the_code_installs_nothing_anew() -> None:
    steps = [rest for _, rest in STAGES["uv"] + STAGES["build"]]
    lock, sync, code = (
        next(i for i, step in enumerate(steps) if part in step)
        for part in ("uv.lock", "uv sync", ". .")
    )
    assert lock < sync < code
    # And a change of the dependencies fetches nothing twice.
    for step in steps + [rest for _, rest in STAGES["development"]]:
        if "uv sync" in step or "pip install" in step:
            assert step.startswith("--mount=type=cache,target=/root/.cache/")


def test_it_holds_what_the_lock_says_compiled_and_no_tools() -> None:
    [sync] = [step for step in of(STAGES["build"], "RUN") if "uv sync" in step]
    assert " uv sync --locked --no-dev " in sync
    assert "UV_COMPILE_BYTECODE=1" in of(STAGES["uv"], "ENV")[0]
    assert any("compileall" in step for step in of(STAGES["build"], "RUN"))


def test_it_runs_as_nobody_who_can_change_what_it_runs() -> None:
    [user] = of(SERVES, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    for copied in of(SERVES, "COPY"):
        code = copied.endswith(("/opt/venv", " /app"))
        assert code is not copied.startswith(f"--from=build --chown={user} ")


def test_static_files_have_the_names_that_the_site_will_ask_for() -> None:
    environment = " ".join(of(SERVES, "ENV"))
    [module] = re.findall(r"DJANGO_SETTINGS_MODULE=(\S+)", environment)
    [collects] = [
        step for step in of(STAGES["build"], "RUN") if "collectstatic" in step
    ]
    assert f"--settings {module} " in collects
    assert module == "config.settings.production"


def test_nothing_gets_in_but_what_runs() -> None:
    patterns = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in patterns if line and not line.startswith("#")]
    assert patterns[0] == "*"
    let_in = {line.removeprefix("!") for line in patterns if line.startswith("!")}
    assert let_in == {
        "apps",
        "config",
        "manage.py",
        "pyproject.toml",
        "static",
        "templates",
        "uv.lock",
    }


def test_no_secret_is_in_the_recipe() -> None:
    kept = [
        name
        for stage in STAGES.values()
        for word, rest in stage
        if word in {"ARG", "ENV", "LABEL"}
        for name in re.findall(r"([\w.]+)=", rest)
    ]
    assert "RELEASE" in kept
    assert not [
        name
        for name in kept
        if re.search(r"KEY|SECRET|PASSWORD|TOKEN|_URL", name, re.IGNORECASE)
    ]
    # What is needed for a moment holds nothing real.
    assert {*re.findall(r"SECRET_KEY=(\S+)", DOCKERFILE)} == {"build"}


def test_it_says_what_it_is() -> None:
    [labels] = of(SERVES, "LABEL")
    named = {*re.findall(r"org\.opencontainers\.image\.(\w+)=", labels)}
    assert named == {"title", "description", "licenses", "revision", "version"}
    assert "revision=$RELEASE" in labels


def test_a_signal_to_stop_reaches_what_runs() -> None:
    [command] = of(SERVES, "CMD")
    # A list is started as it is; a text is given to a shell, which passes no signal on.
    assert json.loads(command)[0] == "gunicorn"
    assert not of(SERVES, "ENTRYPOINT") + of(SERVES, "STOPSIGNAL")


def test_it_asks_itself_whether_it_serves() -> None:
    [check] = of(SERVES, "HEALTHCHECK")
    assert check.startswith("--")
    _, _, command = check.partition(" CMD ")
    program, file = json.loads(command)
    assert program == "python"
    # Or Docker would end it before it can say why.
    [seconds] = re.findall(r"--timeout=(\d+)s", check)
    assert int(seconds) > healthcheck.TIMEOUT
    tree = ast.parse((ROOT / file).read_text())
    imported = {
        name.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    } | {
        str(node.module).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    # Every few seconds: what takes a second to import would take a tenth of a processor.
    assert imported <= sys.stdlib_module_names


def test_development_runs_the_same_image_with_the_code_mounted_and_loaded_anew() -> (
    None
):
    app = COMPOSE.partition("\nservices:\n")[0]
    assert "target: development" in app
    assert STAGES["development"][0] == ("FROM", "uv AS development")
    assert "- .:/app" in app
    for name, text in services().items():
        if "<<: *app" in text:
            assert re.search(r"command: (.*runserver|watchfiles) ", text), name


def test_each_service_of_development_waits_until_the_others_serve() -> None:
    every = services()
    assert {"web", "database", "redis"} <= {*every}
    for name, text in every.items():
        assert "healthcheck:" in text or "profiles:" in text, name
        waits = re.findall(r"condition: (\w+)", text)
        assert {*waits} <= {"service_healthy"}
        # No other form, which would wait for the start alone.
        assert len(waits) == len(
            re.findall(r"^      \w+:\n +condition", text, re.MULTILINE)
        )
    assert "service_healthy" in every["web"]


def test_what_sets_itself_up_first_is_given_time() -> None:
    every = services()
    # Compose gives up once a service is unhealthy: without it, after a few seconds.
    for name in {*every} - {"redis", "mail"}:
        assert "start_period:" in every[name], name


def test_nobody_else_reaches_the_servers_of_development() -> None:
    published = re.findall(r"^ +- (\S+:\d+)$", COMPOSE, re.MULTILINE)

    assert len(published) >= 3
    assert all(port.startswith("127.0.0.1:") for port in published)
