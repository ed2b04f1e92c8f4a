"""The ledger of the 73 practices: how each is done here, where, and what probes it.

They are those of "Django best practices for scalable apps" (Digiqt, 2021), read for Django
6.1; where the article is wrong, `how` says so. A test proves a practice by its mark,
`@pytest.mark.practice(14)`: `manage.py practices --prove` runs the marked tests.
"""

from django.apps import apps

from . import probes
from .practice import Practice

ARTICLE = "Django best practices for scalable apps"
LAST = 73

# Sorted by number within a theme.
LEDGER: dict[str, list[Practice]] = {
    "Caching": [
        Practice(
            1,
            "Cache the views",
            how="`PublicPageMixin` caches a page that is the same for everybody by Django's cache middleware: in Redis under a versioned key, with a one-second in-process cache in front. `PrivatePageMixin` caches a user's page per cookie: `cache_page(n)(vary_on_cookie(view))`. The article's example caches by URL alone and leaks one user's page to another.",
            where=(
                "plinth/src/plinth/cache/microcache.py",
                "plinth/src/plinth/cache/pages.py",
            ),
            by_apps=True,
        ),
        Practice(
            2,
            "Template fragment caching",
            how="`{% cache %}` caches an expensive part of a page under a key with everything that it varies by and a version that each write invalidates. The view passes a callable, so a hit makes no query.",
            where=("plinth/src/plinth/cache/versions.py",),
            by_apps=True,
        ),
        Practice(
            3,
            "Cache ORM queries",
            how="django-cachalot caches the queries of the tables in `CACHALOT_ONLY_CACHABLE_TABLES`, until a write invalidates them and for 60 seconds at most. By default, which the article uses, it caches every table.",
            where=(
                "config/settings/parts/caches.py",
                "plinth/src/plinth/database/query_cache.py",
                "settings.CACHALOT_ONLY_CACHABLE_TABLES",
            ),
            probe=probes.query_cache,
        ),
        Practice(
            14,
            "Cache framework",
            how="django-redis with one-second timeouts and a circuit breaker that opens for five seconds. Caches fail open (a Redis server that is down is logged and counts as a miss), locks fail closed. Keys carry versions, and a stampede lock lets one caller recompute an expired value.",
            where=(
                "config/settings/parts/caches.py",
                "plinth/src/plinth/cache/redis.py",
                "plinth/src/plinth/cache/stampede.py",
                "plinth/src/plinth/cache/versions.py",
                "settings.CACHES",
            ),
            probe=probes.cache_backend,
        ),
        Practice(
            16,
            "Sessions in memory",
            how="`cached_db` sessions: Redis serves the reads, the database gets the writes too, so a lost Redis signs nobody out. `SESSION_STORE=cache` keeps them in Redis alone, as the article has it.",
            where=(
                "config/settings/parts/caches.py",
                "settings.SESSION_ENGINE",
                "settings.SESSION_CACHE_ALIAS",
            ),
            probe=probes.sessions,
        ),
        Practice(
            54,
            "Web-server cache",
            how="nginx `proxy_cache`, or Varnish with the same rules, caches what the application marks `public` for its `s-maxage`, and serves it stale while the application is down. A request with a session cookie or an Authorization header bypasses the cache.",
            where=(
                "deploy/nginx/cache.conf",
                "deploy/varnish/rules.vcl",
            ),
            probe=probes.proxy,
        ),
        Practice(
            55,
            "Browser caching",
            how="`ConditionalPageMixin` gives a page an ETag and Last-Modified: while it is unchanged, a browser's request gets a 304 without a body, before the page is rendered, with compression too. `SessionPrivacyMiddleware` marks responses to requests with a session as `private`.",
            where=(
                "plinth/src/plinth/cache/pages.py",
                "plinth/src/plinth/http/privacy.py",
            ),
            by_apps=True,
        ),
    ],
    "Database": [
        Practice(
            4,
            "Connection lifetime",
            how="Each thread reuses its connection for `CONN_MAX_AGE` (60 s), and `CONN_HEALTH_CHECKS` tests it before use. With psycopg's pool or under ASGI `CONN_MAX_AGE` has to be 0, which the article does not mention.",
            where=(
                "config/asgi.py",
                "plinth/src/plinth/database/settings.py",
                "settings.DATABASES",
            ),
            probe=probes.connection_age,
        ),
        Practice(
            5,
            "Database OPTIONS",
            how="PostgreSQL connections set `statement_timeout`, `lock_timeout`, `idle_in_transaction_session_timeout` and `application_name`. Options in DATABASE_URL, such as `sslmode`, take precedence.",
            where=(
                "deploy/pgbouncer/pgbouncer.ini",
                "plinth/src/plinth/database/settings.py",
                "settings.DATABASES",
            ),
            probe=probes.database_options,
        ),
        Practice(
            15,
            "Database router",
            how="`PrimaryReplicaRouter` routes the reads of GET and HEAD requests to a healthy replica. After a write, a cookie pins the client to the primary for the replication window (read-your-writes); a page whose replica fails is retried on the primary.",
            where=(
                "plinth/src/plinth/database/middleware.py",
                "plinth/src/plinth/database/replicas.py",
                "plinth/src/plinth/database/routers.py",
                "settings.DATABASE_ROUTERS",
            ),
            probe=probes.replicas,
        ),
        Practice(
            17,
            "Indexes",
            how="`Meta.indexes` has an index in the sort order of each list: composite, partial or covering, and a trigram index for search. `AddIndexOnline` creates them concurrently on PostgreSQL, so writes continue.",
            where=("plinth/src/plinth/database/operations.py",),
            by_apps=True,
        ),
        Practice(
            34,
            "Connection pooler",
            how="The threads of a process share psycopg's pool of ten connections, or all processes share PgBouncer in transaction mode (`DATABASE_POOLER=pgbouncer`). Migrations and reads with a server-side cursor bypass PgBouncer.",
            where=(
                "deploy/compose/compose.yml",
                "deploy/pgbouncer/pgbouncer.ini",
                "plinth/src/plinth/database/settings.py",
                "plinth/src/plinth/server/gunicorn.py",
            ),
            probe=probes.pooler,
        ),
        Practice(
            36,
            "ORM databases",
            how="PostgreSQL 15 or newer in production, which `manage.py check --deploy` demands. SQLite serves development until DATABASE_URL names a server.",
            where=(
                "config/settings/parts/databases.py",
                "plinth/src/plinth/practices/probes.py",
            ),
            probe=probes.database_engine,
        ),
        Practice(
            41,
            "Managed databases",
            how="A managed database is reached with `sslmode=verify-full` and a CA file: `manage.py check --deploy` names the parameter that is missing, and with `--database default` compares the pools with the server's `max_connections`. For a PostgreSQL on the site's own host, `backup.sh` writes encrypted backups of one snapshot, `restore-drill.sh` proves them by rows and checksums, and the alert `BackupOld` watches their age.",
            where=(
                "deploy/backup.sh",
                "deploy/restore.sh",
                "docs/databases.md",
                "plinth/src/plinth/checks.py",
            ),
            probe=probes.database_tls,
        ),
    ],
    "Queries": [
        Practice(
            7,
            "Bulk writes",
            how="`upsert` saves 5,000 rows of an import with one statement: COPY on PostgreSQL, `bulk_create(update_conflicts=True)` elsewhere. The lint rule PRA007 finds a save in a loop.",
            where=(
                "plinth/src/plinth/database/upsert.py",
                "plinth/src/plinth/practices/lint.py",
            ),
            by_apps=True,
        ),
        Practice(
            8,
            "iterator",
            how="`iterator(chunk_size=2000)` reads any number of rows in constant memory, on PostgreSQL with a server-side cursor. A plain loop makes one query too, not one per row as the article says, but loads all rows at once.",
            where=("plinth/src/plinth/database/chunks.py",),
            by_apps=True,
        ),
        Practice(
            9,
            "select_related",
            how="`select_related()` with named fields joins what a list shows, in the admin too (`list_select_related`). It works with `iterator()`, which the article denies.",
            by_apps=True,
        ),
        Practice(
            10,
            "prefetch_related",
            how="`prefetch_related()` loads related rows in one more query, and `Prefetch` narrows it to the rows and columns that are shown. With `iterator()` it is one more query per chunk.",
            by_apps=True,
        ),
        Practice(
            11,
            "values / values_list",
            how="An export selects its columns with `values_list()`, which returns tuples instead of model instances.",
            by_apps=True,
        ),
        Practice(
            12,
            "only / defer",
            how="`only()` loads the columns that a list shows, and the fetch mode `FETCH_RAISE` raises FieldFetchBlocked on any other, in templates too. The article takes `only` for `defer`.",
            by_apps=True,
        ),
        Practice(
            13,
            "update_fields",
            how="`save(update_fields=[...])` writes only the columns that changed, in the admin too, and `F()` increments counters in SQL: concurrent changes are not lost.",
            by_apps=True,
        ),
        Practice(
            69,
            "exists()",
            how="`exists()` reads one row (LIMIT 1), where `count()` reads them all. It does make a query, which the article denies. The lint rule PRA069 finds a `count()` that is used as a condition.",
            where=("plinth/src/plinth/practices/lint.py",),
            by_apps=True,
        ),
    ],
    "Migrations": [
        Practice(
            32,
            "Squash migrations",
            how="The system check practices.W032 reports an app with more unsquashed migrations than `SQUASH_MIGRATIONS_AFTER`, or with some older than `SQUASH_MIGRATIONS_DAYS`. `make squash` squashes them.",
            where=(
                "plinth/src/plinth/practices/checks.py",
                "settings.SQUASH_MIGRATIONS_AFTER",
                "settings.SQUASH_MIGRATIONS_DAYS",
            ),
        ),
        Practice(
            48,
            "Migration failures",
            how="On each commit `lint_migrations` renders new migrations as SQL, and squawk's rules refuse what blocks requests, with the safe way. `migrate` waits one second for a lock, rolls back, and retries with exponential backoff; a statement that blocks requests is cancelled after 30 seconds. `make migrate-plan` is the dry run: SQL, locks, sizes of tables. The article tests on staging, where no request waits for a lock.",
            where=(
                "plinth/src/plinth/practices/migration_lint.py",
                "plinth/src/plinth/database/executor.py",
                "plinth/src/plinth/database/operations.py",
                "plinth/src/plinth/management/commands/migrate_plan.py",
            ),
        ),
        Practice(
            49,
            "Never just drop a column",
            how="A migration with `after_deploy = True` runs when the previous release has stopped, and the linter refuses a drop anywhere else. In two releases, `RetireField` takes a field from the models and `DropColumn` its column; `SyncColumns` and `Backfill` fill a new one, and `SetNotNull` needs no long lock. docs/databases.md works an example through.",
            where=(
                "docs/databases.md",
                "plinth/src/plinth/database/executor.py",
                "plinth/src/plinth/database/operations.py",
                "plinth/src/plinth/practices/migration_lint.py",
            ),
        ),
    ],
    "Responses and files": [
        Practice(
            18,
            "Streaming responses",
            how="`StreamingHttpResponse` sends an export while its rows are read, 500 rows at a time; the header line is sent before the first query.",
            where=("plinth/src/plinth/data/writers.py",),
            by_apps=True,
        ),
        Practice(
            19,
            "Compression",
            how="django-http-compression compresses bodies of 1 kB and more with zstd, br or gzip. A header of random length protects against BREACH; nginx's gzip module has no such protection.",
            where=("plinth/src/plinth/http/compression.py", "settings.MIDDLEWARE"),
        ),
        Practice(
            22,
            "Static and media on a CDN",
            how="`CDN_DOMAIN` alone moves static and media URLs to the CDN and adds it to the Content-Security-Policy. WhiteNoise's manifest storage puts a content hash into each file name and compresses the files, which browsers cache as `immutable`.",
            where=(
                "config/settings/parts/storages.py",
                "config/settings/production.py",
                "docs/cdn.md",
                "settings.STATIC_URL",
            ),
            probe=probes.cdn,
        ),
        Practice(
            53,
            "django-storages",
            how="django-storages with S3, Google Cloud Storage or Azure: the storage `default` is private, with URLs signed for five minutes, and `public` is for the CDN. Uploads never overwrite a file, no ACL is set, and requests to the bucket time out in seconds.",
            where=(
                "config/settings/parts/storages.py",
                "plinth/src/plinth/storage/settings.py",
                "settings.STORAGES",
            ),
            extras=("s3", "gcs", "azure"),
            probe=probes.bucket,
        ),
        Practice(
            56,
            "Media on S3 and CDN",
            how="Public media has permanent CDN URLs with a year of Cache-Control, since a name is never used again. Private media lies under another prefix, which the CDN cannot read.",
            where=(
                "config/settings/parts/storages.py",
                "docs/cdn.md",
                "plinth/src/plinth/storage/settings.py",
                "settings.MEDIA_URL",
            ),
            extras=("s3", "gcs", "azure"),
            probe=probes.media_cdn,
        ),
    ],
    "Background work": [
        Practice(
            27,
            "Background workers",
            how="Celery with `acks_late` (at-least-once delivery), retries with exponential backoff and jitter, time limits and `delay_on_commit`. The schedule is in code, `@app.task(beat_schedule=crontab(...))`; the article's djcelery is no longer maintained.",
            where=(
                "config/celery.py",
                "config/settings/parts/tasks.py",
                "plinth/src/plinth/tasks/app.py",
                "plinth/src/plinth/tasks/defaults.py",
            ),
            extras=("celery",),
            probe=probes.background_work,
        ),
        Practice(
            35,
            "Workers instead of signals",
            how="A service enqueues what follows from its write, with `delay_on_commit`. The lint rule PRA035 finds a signal receiver that writes, and a task that is enqueued before the commit.",
            where=("plinth/src/plinth/practices/lint.py",),
        ),
        Practice(
            66,
            "No threads or processes in views",
            how="Ruff's banned-api rule (TID251) refuses imports of `threading`, `multiprocessing` and `subprocess`: enqueue a Celery task instead.",
            where=("plinth/ruff.toml",),
        ),
    ],
    "Code": [
        Practice(
            6,
            "No unused apps",
            how="Development tools are installed by config/settings/local.py only, and production starts without their packages. deptry finds dependencies that nothing imports.",
            where=(
                "config/settings/local.py",
                "pyproject.toml",
                "settings.INSTALLED_APPS",
            ),
            probe=probes.development_apps,
        ),
        Practice(
            20,
            "Lazy values",
            how="`gettext_lazy`, `reverse_lazy` and `request.user` (a `SimpleLazyObject`) are evaluated on first use. Importing the project translates, reverses and queries nothing.",
            where=(
                "plinth/src/plinth/accounts/views.py",
                "plinth/src/plinth/mail/models.py",
            ),
        ),
        Practice(
            21,
            "No print",
            how="Ruff refuses `print` (T20), logging to the root logger (LOG) and log messages formatted with f-strings (G).",
            where=("plinth/ruff.toml",),
        ),
        Practice(
            26,
            "django-model-utils",
            how="A `MonitorField` records when the password was last changed. The article's `Choices` is superseded by Django's `TextChoices`.",
            by_apps=True,
        ),
        Practice(
            44,
            "One kind of view",
            how='`VIEW_STYLE` is "class", "function" or None. The system check practices.W044 reports each view of this project in the other style, and ignores the views of libraries.',
            where=("plinth/src/plinth/practices/checks.py", "settings.VIEW_STYLE"),
        ),
        Practice(
            45,
            "PEP 8",
            how="Ruff formats and lints, mypy runs in strict mode with django-stubs, and djLint checks the templates: `make lint`.",
            where=("plinth/pre-commit.yaml", "plinth/ruff.toml", "pyproject.toml"),
        ),
        Practice(
            58,
            "Know Django's internals",
            how="docs/internals.md follows a request through Django's source, and tests pin each undocumented behaviour that this project relies on.",
            where=("docs/internals.md",),
        ),
        Practice(
            68,
            "Named URLs",
            how="Each URL has a name and a namespace, or the system check practices.W068 reports it. Templates use the `url` tag, or djLint's rule D018 reports them.",
            where=("plinth/src/plinth/practices/checks.py", "pyproject.toml"),
        ),
        Practice(
            70,
            "Simple lambdas only",
            how="Ruff refuses a lambda that is assigned to a name (E731), and the lint rule PRA070 one that is longer than 60 characters, nested, or has a condition.",
            where=("plinth/src/plinth/practices/lint.py", "plinth/ruff.toml"),
        ),
        Practice(
            71,
            "Django's philosophies",
            how="Each record in docs/decisions.md names the design philosophy of Django's that it follows, or the system check practices.W071 reports it.",
            where=("docs/decisions.md", "plinth/src/plinth/practices/checks.py"),
        ),
    ],
    "Tools": [
        Practice(
            23,
            "Profile",
            how="`make profile URL=/catalog/` requests a page without the tools of development, writes its flame graph (pyinstrument) and prints the ten hottest functions, the queries and the time. In local, `?profile` shows staff the flame graph of a page.",
            where=(
                "config/settings/local.py",
                "docs/profiling.md",
                "plinth/project.mk",
                "plinth/src/plinth/profiling/flame_graph.py",
                "plinth/src/plinth/profiling/pages.py",
            ),
        ),
        Practice(
            24,
            "django-silk",
            how="`SILK=true` records requests and their queries in local, at /silk/: the last 1,000, bodies up to 100 kB, no password and no cookie. Without it silk is not imported, and production ignores it.",
            where=(
                "config/settings/local.py",
                "docs/profiling.md",
                "plinth/src/plinth/profiling/silk.py",
            ),
        ),
        Practice(
            25,
            "Query profiler",
            how="django-zeal raises on an N+1 query, in every test and in local. The article's django-query-profiler has had no release since 2022.",
            where=("config/settings/local.py", "plinth/src/plinth/testing/plugin.py"),
        ),
        Practice(
            29,
            "Debug Toolbar",
            how="django-debug-toolbar in local only, within the Content-Security-Policy. Production does not import it.",
            where=(
                "config/settings/local.py",
                "plinth/src/plinth/http/development_urls.py",
            ),
        ),
        Practice(
            30,
            "pre-commit",
            how="pre-commit runs every hook from this project's own environment, so a commit downloads nothing. Each hook is tested with a file that it has to refuse.",
            where=(".pre-commit-config.yaml", "plinth/pre-commit.yaml"),
        ),
        Practice(
            31,
            "Django hooks",
            how="django-upgrade, djade, djLint and `makemigrations --check` run on every commit.",
            where=(".pre-commit-config.yaml", "plinth/pre-commit.yaml"),
        ),
        Practice(
            38,
            "Maintain requirements",
            how="uv.lock pins every dependency, a pre-commit hook exports it to requirements.txt, and `make audit` runs pip-audit.",
            where=("plinth/pre-commit.yaml", "plinth/project.mk", "pyproject.toml"),
        ),
        Practice(
            40,
            "Latest Django",
            how="Django is pinned to its latest minor line, Renovate proposes the next, and a deprecation warning fails the tests.",
            where=("plinth/pyproject.toml", "pyproject.toml", "renovate.json"),
        ),
        Practice(
            43,
            "Virtual environments",
            how="uv creates the environment from uv.lock, with the Python of .python-version, on a laptop and in the image.",
            where=(".python-version", "Dockerfile", "plinth/uv.mk"),
        ),
        Practice(
            47,
            "Static analyser",
            how="Ruff's security rules (S), banned imports such as `csrf_exempt`, and a djLint rule against `|safe` and `autoescape off`. `make audit` looks for known vulnerabilities, and fails when it cannot. `make sonar` sends the code to a SonarQube server.",
            where=(
                ".djlint_rules.yaml",
                "plinth/project.mk",
                "plinth/ruff.toml",
            ),
        ),
        Practice(
            52,
            "django-extensions",
            how="django-extensions in local only: `show_urls`, `validate_templates` and its other commands.",
            where=("config/settings/local.py",),
        ),
    ],
    "Security": [
        Practice(
            28,
            "TLS at nginx or the load balancer",
            how="nginx terminates TLS with Mozilla's intermediate profile and refuses unknown hosts; on Kubernetes the ingress controller does, with certificates of cert-manager. Django trusts the X-Forwarded headers of `TRUSTED_PROXIES` and of a unix socket only; it sends HSTS itself, which `SECURE_HSTS_SECONDS` raises in steps.",
            where=(
                "deploy/kubernetes/base/ingress.yaml",
                "deploy/nginx/site.conf",
                "deploy/nginx/tls.conf",
                "plinth/src/plinth/http/proxies.py",
                "settings.TRUSTED_PROXIES",
            ),
            probe=probes.https,
        ),
        Practice(
            37,
            "Never runserver in production",
            how="gunicorn serves in the image and in every deployment. The `runserver` command refuses to start without DEBUG.",
            where=(
                "Dockerfile",
                "deploy/compose/compose.yml",
                "plinth/src/plinth/management/commands/runserver.py",
                "plinth/src/plinth/server/gunicorn.py",
            ),
            probe=probes.runserver,
        ),
        Practice(
            39,
            ".env",
            how="`make setup` copies .env.example, which lists the variables of the chosen options, to .env and generates URL-safe secrets. git ignores .env, and detect-secrets refuses to commit a secret. On a server, NAME_FILE reads a variable from a file.",
            where=(
                ".env.example",
                ".gitignore",
                "deploy/setup.sh",
                "plinth/project.mk",
                "plinth/src/plinth/env.py",
            ),
        ),
        Practice(
            57,
            "Security-header scanning",
            how="Every header that security scanners grade: Django's Content-Security-Policy with nonces, Permissions-Policy, Referrer-Policy, COOP and CORP, and in production HSTS and secure cookies.",
            where=(
                "config/settings/parts/security.py",
                "config/settings/production.py",
                "plinth/src/plinth/http/privacy.py",
            ),
        ),
        Practice(
            72,
            "Never DEBUG in production",
            how="Production settings refuse to start with DEBUG, or without a required variable; one line names it.",
            where=("config/settings/production.py", "plinth/src/plinth/env.py"),
            probe=probes.debug,
        ),
    ],
    "Servers": [
        Practice(
            59,
            "AsyncIO with care",
            how="WSGI by default. `/health/dependencies/` is an async view that asks the services in `HEALTH_DEPENDENCIES` all at once, with a timeout and a limit; it works under WSGI, and `plinth.server.asgi_worker` serves it by ASGI without a gunicorn thread for each client. `make bench` measures both servers: ASGI pays where views wait for other services, and costs throughput on pages that do not. Ruff's ASYNC rules refuse a blocking call in an async view; practices.W059 reports your sync middleware in front of one.",
            where=(
                "config/asgi.py",
                "docs/gunicorn.md",
                "plinth/ruff.toml",
                "plinth/src/plinth/benchmarks/asgi.py",
                "plinth/src/plinth/health/dependencies.py",
                "plinth/src/plinth/health/views.py",
                "plinth/src/plinth/server/asgi_worker.py",
            ),
            probe=probes.asyncio,
        ),
        Practice(
            60,
            "Tune gunicorn",
            how="gunicorn's gthread worker: four threads in each process, and one process more than the CPUs that the container may use, on a unix socket behind nginx with timeouts below nginx's. On SIGTERM it drains in-flight requests for up to 30 s. The article's gevent and eventlet need drivers that cooperate.",
            where=(
                "config/gunicorn.py",
                "docs/gunicorn.md",
                "plinth/src/plinth/server/gunicorn.py",
                "plinth/src/plinth/server/resources.py",
                "plinth/src/plinth/server/worker.py",
            ),
            probe=probes.web_server,
        ),
        Practice(
            61,
            "Open-file limits",
            how="gunicorn raises its open-file limit to 65,536 at startup, and nginx and Compose set the same number. `manage.py check --deploy` compares the limit with what a process needs.",
            where=(
                "plinth/src/plinth/practices/probes.py",
                "plinth/src/plinth/server/resources.py",
            ),
            probe=probes.open_files,
        ),
        Practice(
            62,
            "Tune nginx",
            how="Connections, keep-alive to gunicorn, timeouts, buffers, the TLS session cache and rate limits are set, each with its reason beside it. gixy finds no security issue in the configuration.",
            where=(
                "deploy/nginx/limits.conf",
                "deploy/nginx/nginx.conf",
                "deploy/nginx/proxy.conf",
                "deploy/nginx/upstream.conf",
            ),
            probe=probes.proxy,
        ),
        Practice(
            65,
            "How a request is served",
            how="docs/requests.md shows a request's way through the middleware. The system check practices.W065 reports a middleware in the wrong order, and what breaks.",
            where=(
                "docs/requests.md",
                "plinth/src/plinth/practices/checks.py",
                "settings.MIDDLEWARE",
            ),
        ),
        Practice(
            73,
            "Docker for development and deployment",
            how="One multi-stage image runs the web, a worker, beat and commands: as a non-root user, on a read-only root filesystem, with a HEALTHCHECK and without secrets. compose.yml mounts the code into its development stage.",
            where=(
                ".dockerignore",
                "Dockerfile",
                "compose.yml",
                "plinth/src/plinth/server/healthcheck.py",
            ),
        ),
    ],
    "Deployment": [
        Practice(
            33,
            "Blue/green",
            how="`switch.sh` deploys to one host, with Docker or with systemd, without a failed request: two colours behind nginx, a release check before the switch, an automatic return when errors rise in the first minute, draining, and a rollback in seconds. On Kubernetes, `make deploy` runs the release check before a pod of the release serves, and returns to the revision before when no pod gets ready; the component `rollouts` moves the traffic at once, and back when errors rise, by Argo Rollouts.",
            where=(
                "deploy/kubernetes/base/jobs.yaml",
                "deploy/kubernetes/components/rollouts/rollout.yaml",
                "deploy/switch.sh",
            ),
        ),
        Practice(
            46,
            "Load tests",
            how="`make load` runs visitors' journeys by locust against gunicorn with production settings, and fails by its exit code when one is slower than load.json, the recorded standard, or has more errors. Times are multiples of a calibration page's, requested right before each request, so the standard holds on another machine. A report shows the runs as charts.",
            where=(
                "docs/scaling.md",
                "plinth/project.mk",
                "plinth/src/plinth/benchmarks/journeys.py",
                "plinth/src/plinth/benchmarks/load_test.py",
                "plinth/src/plinth/benchmarks/standard.py",
            ),
        ),
        Practice(
            50,
            "Deployment tools",
            how="`make deploy HOST=` runs Ansible playbooks: from a bare Debian or Ubuntu host to https, with Docker or with systemd, then each commit without a failed request. A second run changes nothing, a second deploy at the same time is refused, and `make rollback` returns to the release before. They use modules of ansible-core only. On Kubernetes, `make deploy IMAGE=` and `make rollback` do the same by kubectl and kustomize.",
            where=(
                "deploy/ansible/deploy.yml",
                "deploy/ansible/rollback.yml",
                "deploy/kubernetes/base/kustomization.yaml",
                "deploy/kubernetes/overlays/production/kustomization.yaml",
                "deploy/switch.sh",
            ),
        ),
    ],
    "Monitoring": [
        Practice(
            42,
            "Monitoring",
            how="Prometheus scrapes gunicorn and the Celery worker at `METRICS_BIND`, a port of their own: requests by view, database queries, pool, cache hits, replica lag, queues, tasks, migrations, release. `deploy/monitoring` has exporters for the servers, Alertmanager and a Grafana dashboard; hosts without Docker run the distribution's packages, in sandboxes; on Kubernetes, a component has monitors for the Prometheus Operator and the dashboard.",
            where=(
                "deploy/compose/monitoring.yml",
                "deploy/kubernetes/components/monitoring/monitors.yaml",
                "deploy/monitoring/alertmanager.yml",
                "deploy/monitoring/grafana/site.json",
                "deploy/systemd/monitoring/prometheus.yml",
                "plinth/src/plinth/metrics/instruments.py",
                "plinth/src/plinth/metrics/server.py",
                "settings.METRICS_BIND",
            ),
            probe=probes.metrics,
        ),
        Practice(
            51,
            "Sentry or New Relic",
            how="Sentry or New Relic gets each error with its request id and release, and without personal data: no query string, form, cookie, local variable or password-reset token. Sentry's SDK wraps Django's middleware only where `SENTRY_TRACES_SAMPLE_RATE` is above 0: the wrappers double the time of a cached page.",
            where=(
                "config/settings/parts/errors.py",
                "plinth/src/plinth/errors/new_relic.py",
                "plinth/src/plinth/errors/sentry.py",
            ),
            probe=probes.error_tracking,
            extras=("sentry", "newrelic"),
        ),
        Practice(
            63,
            "Defined metrics",
            how="One table holds objectives (availability, latency, freshness of queues) and alerts on saturation, certificate, replicas and backups. Prometheus' rules are generated from it. An objective pages by its burn rate in two windows, and each alert links to its runbook.",
            where=(
                "deploy/kubernetes/components/monitoring/rules.yaml",
                "deploy/monitoring/rules/site.yml",
                "docs/runbooks.md",
                "plinth/src/plinth/monitoring/alerts.py",
            ),
            probe=probes.objectives,
        ),
        Practice(
            64,
            "Central logging",
            how="Each process writes lines to its standard output, where a platform's agent collects them. On Docker hosts, syslog-ng reads the containers' log files, or systemd's journal, and ships JSON lines, text and tracebacks to Loki, Elasticsearch or CloudWatch, as `LOGS_TO` says. Labels are service and level; one request id joins the lines of nginx, Django and Celery, and `DATABASE_COMMENT_QUERIES` names it to PostgreSQL. While the receiver is down, lines wait in a bounded buffer on disk, then in Docker's files. The alert LogsNotShipped watches it.",
            where=(
                "deploy/compose/logs.yml",
                "deploy/logs/syslog-ng.conf",
                "docs/logs.md",
                "plinth/src/plinth/logs/formatters.py",
                "plinth/src/plinth/logs/queries.py",
            ),
            probe=probes.log_lines,
        ),
        Practice(
            67,
            "Tailored logging",
            how="One JSON line per request: request id, view, status, duration, number and time of its queries, user id. Passwords, tokens, cookies, query strings, email addresses and card numbers are masked in every line, by form or by name. Slow requests and slow queries are warnings. A task logs under the id of the request that enqueued it. `disable_existing_loggers` is False.",
            where=(
                "config/settings/parts/logs.py",
                "plinth/src/plinth/logs/formatters.py",
                "plinth/src/plinth/logs/masking.py",
                "plinth/src/plinth/logs/middleware.py",
                "plinth/src/plinth/logs/queries.py",
                "settings.LOGGING",
            ),
        ),
    ],
}


def practices() -> list[Practice]:
    """All of them, by number."""
    everything = [practice for theme in LEDGER.values() for practice in theme]
    return sorted(everything, key=lambda practice: practice.number)


def errors() -> list[str]:
    """What is wrong with the ledger or with what apps register, a line each."""
    numbers = [practice.number for practice in practices()]
    found = [
        f"practice {n} is in the ledger {numbers.count(n)} times, not once"
        for n in range(1, LAST + 1)
        if numbers.count(n) != 1
    ]
    found += [f"practice {n} is not one of the {LAST}" for n in numbers if n > LAST]
    found += [
        f"{config.name} registers practice {n}, which is not one of the {LAST}"
        for config in apps.get_app_configs()
        for n in getattr(config, "practices", {})
        if n not in range(1, LAST + 1)
    ]
    return found + [error for practice in practices() for error in practice.errors()]
