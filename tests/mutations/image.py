"""The image, and how a container asks itself whether it serves."""

from tests.mutations import Mutation, append, replace

ALIVE = "plinth/src/plinth/server/healthcheck.py"
COMPOSE = "compose.yml"
DOCKERFILE = "Dockerfile"

MUTATIONS = [
    Mutation(
        73,
        "run-by-root",
        replace(DOCKERFILE, "USER 10001:10001\n", ""),
        "test_it_runs_as_nobody_who_can_change_what_it_runs",
    ),
    Mutation(
        73,
        "code-that-who-breaks-in-can-change",
        replace(DOCKERFILE, "build /app /app", "build --chown=10001:10001 /app /app"),
        "test_it_runs_as_nobody_who_can_change_what_it_runs",
    ),
    Mutation(
        73,
        "tools-installed",
        replace(DOCKERFILE, "--locked --no-dev", "--locked"),
        "test_it_holds_what_the_lock_says_compiled_and_no_tools",
    ),
    Mutation(
        73,
        "code-before-the-packages",
        replace(DOCKERFILE, "COPY pyproject.toml uv.lock ./", "COPY . ."),
        "test_a_change_of_the_code_installs_nothing_anew",
    ),
    Mutation(
        73,
        "not-compiled",
        replace(DOCKERFILE, "UV_COMPILE_BYTECODE=1", "UV=1"),
        "test_it_holds_what_the_lock_says_compiled_and_no_tools",
    ),
    Mutation(
        73,
        "names-of-other-settings",
        replace(
            DOCKERFILE, "--settings config.settings.production", "--settings config.x"
        ),
        "test_static_files_have_the_names_that_the_site_will_ask_for",
    ),
    Mutation(
        73,
        "started-by-a-shell",
        replace(DOCKERFILE, 'CMD ["gunicorn"', "CMD gunicorn #"),
        "test_the_linter_of_dockerfiles_finds_nothing",
    ),
    Mutation(
        73,
        "secrets-let-in",
        append(".dockerignore", "!.env\n"),
        "test_nothing_gets_in_but_what_runs",
    ),
    Mutation(
        73,
        "no-such-probe",
        replace(DOCKERFILE, 'plinth.server.healthcheck"', 'config.a"'),
        "test_it_asks_itself_whether_it_serves",
    ),
    Mutation(
        73,
        "error-is-healthy",
        replace(ALIVE, "HTTPStatus.OK else", "HTTPStatus.OK or 1 else"),
        "test_dead_or_failing_or_silent_web_is_unhealthy",
    ),
    Mutation(
        73,
        "always-healthy",
        replace(ALIVE, "probe_web() or 0", "0"),
        "test_dead_or_failing_or_silent_web_is_unhealthy",
    ),
    Mutation(
        73,
        "waits-for-ever",
        replace(ALIVE, "int(port), timeout=TIMEOUT", "int(port)"),
        "test_dead_or_failing_or_silent_web_is_unhealthy",
    ),
    Mutation(
        73,
        "code-not-mounted",
        replace(COMPOSE, "    - .:/app\n", "    - /app\n"),
        "test_development_runs_the_same_image_with_the_code_mounted_and_loaded_anew",
    ),
    Mutation(
        73,
        "nobody-waits",
        replace(COMPOSE, "condition: service_healthy", "condition: service_started"),
        "test_each_service_of_development_waits_until_the_others_serve",
    ),
    Mutation(
        73,
        "database-for-everybody",
        replace(COMPOSE, "- 127.0.0.1:", "- "),
        "test_nobody_else_reaches_the_servers_of_development",
    ),
]
