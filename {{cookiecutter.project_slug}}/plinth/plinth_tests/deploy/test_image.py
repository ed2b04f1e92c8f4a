"""Dockerfile and compose.yml; the template's own tests build and run them."""

import json
import re

import pytest
from django.conf import settings

from plinth.server import healthcheck
from plinth_tests.processes import python
from plinth_tests.tools.commands import run

pytestmark = pytest.mark.practice(73)

ROOT = settings.BASE_DIR
for required in ("Dockerfile", ".dockerignore", "compose.yml"):
    if not (ROOT / required).exists():
        pytest.skip(f"no {required} in this project", allow_module_level=True)
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yml").read_text()


def parse_stages() -> dict[str, list[tuple[str, str]]]:
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


STAGES = parse_stages()
PRODUCTION = STAGES["production"]


def of(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for name, rest in stage if name == word]


def services() -> dict[str, str]:
    """Return the text of each service of compose.yml."""
    text = COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0]
    parts = re.split(r"^  (\w+):\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


# The image


def test_hadolint_finds_nothing() -> None:
    assert not run("hadolint", "Dockerfile").stdout


def test_build_needs_no_frontend_from_a_registry() -> None:
    assert not re.search(r"^#\s*syntax", DOCKERFILE, re.MULTILINE)
    assert list(STAGES)[-1] == "production"


def test_production_stage_copies_from_the_build_and_runs_nothing() -> None:
    assert of(PRODUCTION, "FROM") == ["base AS production"]
    assert not of(PRODUCTION, "RUN") + of(STAGES["base"], "RUN")
    assert all(copied.startswith("--from=build ") for copied in of(PRODUCTION, "COPY"))


def test_dependencies_are_a_layer_before_the_code() -> None:
    steps = [rest for _, rest in STAGES["uv"] + STAGES["build"]]
    order = [
        next(number for number, step in enumerate(steps) if part in step)
        for part in ("uv.lock", "--no-install-package django-plinth", "plinth plinth")
    ]
    order.append(steps.index(". ."))
    assert order == sorted(order)
    # Changed dependencies download only what is new.
    for step in steps + [rest for _, rest in STAGES["development"]]:
        if "uv sync" in step or "pip install" in step:
            assert step.startswith("--mount=type=cache,target=/root/.cache/")


def test_image_has_compiled_packages_of_the_lock_and_no_tools() -> None:
    syncs = [step for step in of(STAGES["build"], "RUN") if "uv sync" in step]
    assert syncs
    assert all("uv sync --locked --no-dev" in step for step in syncs)
    assert "UV_COMPILE_BYTECODE=1" in of(STAGES["uv"], "ENV")[0]
    assert any("compileall" in step for step in of(STAGES["build"], "RUN"))


def test_user_cannot_change_code_or_packages() -> None:
    [user] = of(PRODUCTION, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    for copied in of(PRODUCTION, "COPY"):
        code = copied.endswith(("/opt/venv", " /app"))
        assert code is not copied.startswith(f"--from=build --chown={user} ")


def test_static_files_are_collected_with_production_settings() -> None:
    environment = " ".join(of(PRODUCTION, "ENV"))
    [module] = re.findall(r"DJANGO_SETTINGS_MODULE=(\S+)", environment)
    [collect] = [step for step in of(STAGES["build"], "RUN") if "collectstatic" in step]
    assert f"--settings {module} " in collect
    assert module == "config.settings.production"


def test_build_context_is_an_allowlist_without_tests_and_secrets() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    allowed = {line.removeprefix("!") for line in patterns if line.startswith("!")}

    assert patterns[0] == "*"
    assert {"apps", "config", "manage.py", "plinth/src", "uv.lock"} <= allowed
    for kept_out in (".", ".env", ".git", ".venv", "plinth", "tests"):
        assert kept_out not in allowed


def test_no_variable_of_the_image_is_a_secret() -> None:
    names = [
        name
        for stage in STAGES.values()
        for word, rest in stage
        if word in {"ARG", "ENV", "LABEL"}
        for name in re.findall(r"([\w.]+)=", rest)
    ]
    assert "RELEASE" in names
    assert not [
        name
        for name in names
        if re.search(r"KEY|SECRET|PASSWORD|TOKEN|_URL", name, re.IGNORECASE)
    ]
    # collectstatic runs with a placeholder.
    keys = re.findall(r"SECRET_KEY=(\S+)", DOCKERFILE)
    assert keys == ["only-to-collect-static-files-of-the-image"]


def test_labels_name_release_and_license() -> None:
    [labels] = of(PRODUCTION, "LABEL")
    named = {*re.findall(r"org\.opencontainers\.image\.(\w+)=", labels)}
    assert named == {"title", "description", "licenses", "revision", "version"}
    assert "revision=$RELEASE" in labels


def test_gunicorn_receives_signals() -> None:
    [command] = of(PRODUCTION, "CMD")
    # A list is executed; a string would run in a shell, which passes on no signal.
    assert json.loads(command)[0] == "gunicorn"
    assert not of(PRODUCTION, "ENTRYPOINT") + of(PRODUCTION, "STOPSIGNAL")


def test_health_check_probes_the_web_without_importing_django() -> None:
    [check] = of(PRODUCTION, "HEALTHCHECK")
    options, _, command = check.partition(" CMD ")
    program, *arguments = json.loads(command)
    # Otherwise Docker would kill the probe before it reports the error.
    [seconds] = re.findall(r"--timeout=(\d+)s", options)

    assert [program, *arguments] == [
        "python",
        *("-m", "plinth.server.healthcheck", "web"),
    ]
    assert int(seconds) > healthcheck.TIMEOUT
    # It runs every few seconds.
    code = "import sys, plinth.server.healthcheck; sys.exit('django' in sys.modules)"
    assert python("-c", code).returncode == 0


# Development


def test_development_mounts_and_reloads_the_code() -> None:
    app = COMPOSE.partition("\nservices:\n")[0]
    assert "target: development" in app
    assert STAGES["development"][0] == ("FROM", "uv AS development")
    assert "- .:/app" in app
    for name, text in services().items():
        if "<<: *app" in text:
            assert re.search(r"command: (.*runserver|watchfiles) ", text), name


def test_services_wait_until_their_dependencies_are_healthy() -> None:
    every = services()
    for name, text in every.items():
        assert "healthcheck:" in text or "profiles:" in text, name
        conditions = re.findall(r"condition: (\w+)", text)
        assert {*conditions} <= {"service_healthy"}
        # The short form of depends_on waits for the start only.
        assert "depends_on: [" not in text
        assert len(conditions) == len(
            re.findall(r"^      \w+:\n +condition", text, re.MULTILINE)
        )
    assert "service_healthy" in every["web"]


def test_slow_starters_have_a_start_period() -> None:
    every = services()
    # Compose gives up on a service that becomes unhealthy.
    for name in {*every} & {"web", "worker", "beat", "database"}:
        assert "start_period:" in every[name], name


def test_ports_are_published_on_localhost_only() -> None:
    published = re.findall(r"^ +- (\S+:\d+)$", COMPOSE, re.MULTILINE)

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
