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
        "test_user_cannot_change_code_or_packages",
    ),
    Mutation(
        73,
        "code-that-who-breaks-in-can-change",
        replace(DOCKERFILE, "build /app /app", "build --chown=10001:10001 /app /app"),
        "test_user_cannot_change_code_or_packages",
    ),
    Mutation(
        73,
        "tools-installed",
        replace(DOCKERFILE, "--locked --no-dev", "--locked"),
        "test_image_has_compiled_packages_of_the_lock_and_no_tools",
    ),
    Mutation(
        73,
        "code-before-the-packages",
        replace(DOCKERFILE, "COPY pyproject.toml uv.loc[k] ./", "COPY . ."),
        "test_dependencies_are_a_layer_before_the_code",
    ),
    Mutation(
        73,
        "not-compiled",
        replace(DOCKERFILE, "UV_COMPILE_BYTECODE=1", "UV=1"),
        "test_image_has_compiled_packages_of_the_lock_and_no_tools",
    ),
    Mutation(
        73,
        "names-of-other-settings",
        replace(
            DOCKERFILE, "--settings config.settings.production", "--settings config.x"
        ),
        "test_static_files_are_collected_with_production_settings",
    ),
    Mutation(
        73,
        "started-by-a-shell",
        replace(DOCKERFILE, 'CMD ["gunicorn"', "CMD gunicorn #"),
        "test_hadolint_finds_nothing",
    ),
    Mutation(
        73,
        "secrets-let-in",
        append(".dockerignore", "!.env\n"),
        "test_build_context_is_an_allowlist_without_tests_and_secrets",
    ),
    Mutation(
        73,
        "no-such-probe",
        replace(DOCKERFILE, 'plinth.server.healthcheck"', 'config.a"'),
        "test_health_check_probes_the_web_without_importing_django",
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
        replace(ALIVE, "int(port), timeout=timeout", "int(port)"),
        "test_dead_or_failing_or_silent_web_is_unhealthy",
    ),
    Mutation(
        73,
        "code-not-mounted",
        replace(COMPOSE, "    - .:/app\n", "    - /app\n"),
        "test_development_mounts_and_reloads_the_code",
    ),
    Mutation(
        73,
        "nobody-waits",
        replace(COMPOSE, "condition: service_healthy", "condition: service_started"),
        "test_services_wait_until_their_dependencies_are_healthy",
    ),
    Mutation(
        73,
        "database-for-everybody",
        replace(COMPOSE, "- 127.0.0.1:", "- "),
        "test_ports_are_published_on_localhost_only",
    ),
]
