"""The image, and how a container asks itself whether it serves."""

from tests.mutations import Mutation, append, replace

ALIVE = "config/alive.py"
COMPOSE = "compose.yml"
DOCKERFILE = "Dockerfile"

MUTATIONS = [
    Mutation(73, "run-by-root", replace(DOCKERFILE, "USER 10001:10001\n", "")),
    Mutation(73, "user-by-name", replace(DOCKERFILE, "USER 10001:10001", "USER app")),
    Mutation(
        73,
        "code-that-who-breaks-in-can-change",
        replace(DOCKERFILE, "build /app /app", "build --chown=10001:10001 /app /app"),
    ),
    Mutation(
        73,
        "tools-in-what-serves",
        replace(DOCKERFILE, "FROM base AS production", "FROM uv AS production"),
    ),
    Mutation(
        73, "tools-installed", replace(DOCKERFILE, "--locked --no-dev", "--locked")
    ),
    Mutation(
        73,
        "code-before-the-packages",
        replace(DOCKERFILE, "COPY pyproject.toml uv.lock ./", "COPY . ."),
    ),
    Mutation(
        73,
        "packages-fetched-at-each-build",
        replace(DOCKERFILE, "--mount=type=cache,target=/root/.cache/uv ", ""),
    ),
    Mutation(73, "not-compiled", replace(DOCKERFILE, "UV_COMPILE_BYTECODE=1", "UV=1")),
    Mutation(
        73,
        "names-of-other-settings",
        replace(
            DOCKERFILE, "--settings config.settings.production", "--settings config.x"
        ),
    ),
    Mutation(
        73,
        "started-by-a-shell",
        replace(DOCKERFILE, 'CMD ["gunicorn"', "CMD gunicorn #"),
    ),
    Mutation(
        73,
        "secret-that-stays",
        replace(DOCKERFILE, 'ARG RELEASE=""', 'ARG RELEASE=""\nARG API_TOKEN'),
    ),
    Mutation(
        73, "linter-complains", replace(DOCKERFILE, '"uv~=0.13"', '"uv~=0.13" newt')
    ),
    Mutation(73, "everything-let-in", replace(".dockerignore", "\n*\n", "\n")),
    Mutation(73, "secrets-let-in", append(".dockerignore", "!.env\n")),
    Mutation(73, "never-asked", replace(DOCKERFILE, "HEALTHCHECK ", "# HEALTHCHECK ")),
    Mutation(
        73, "nobody-to-ask", replace(DOCKERFILE, 'config/alive.py"', 'config/a.py"')
    ),
    Mutation(73, "asked-with-django", append(ALIVE, "\nimport django\n")),
    Mutation(
        73,
        "error-is-alive",
        replace(ALIVE, "HTTPStatus.OK else", "HTTPStatus.OK or 1 else"),
    ),
    Mutation(73, "always-alive", replace(ALIVE, "ask_web() or 0", "0")),
    Mutation(73, "asked-at-another-place", replace(ALIVE, '"WEB_BIND"', '"BIND"')),
    Mutation(73, "socket-not-understood", replace(ALIVE, '"unix:"', '"socket:"')),
    Mutation(
        73, "waits-for-ever", replace(ALIVE, "int(port), timeout=TIMEOUT", "int(port)")
    ),
    Mutation(73, "cut-short", replace(DOCKERFILE, "--timeout=15s", "--timeout=3s")),
    Mutation(
        73, "migration-killed", replace(ALIVE, '"manage.py" in words', '"x" in words')
    ),
    Mutation(
        73, "code-not-mounted", replace(COMPOSE, "    - .:/app\n", "    - /app\n")
    ),
    Mutation(
        73,
        "worker-not-loaded-anew",
        replace(
            COMPOSE,
            'watchfiles --filter python --sigint-timeout 15 "celery --app config.celery worker" apps config',
            "celery --app config.celery worker",
        ),
    ),
    Mutation(
        73,
        "nobody-waits",
        replace(COMPOSE, "condition: service_healthy", "condition: service_started"),
    ),
    Mutation(73, "database-for-everybody", replace(COMPOSE, "- 127.0.0.1:", "- ")),
]
