"""The 73 practices: each is a claim, with how it is done here, where, and what proves it.

They are those of "Django best practices for scalable apps" (Digiqt, 2021), read for the
Django of today; where that article is wrong or out of date, `how` says so in a clause.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings

from . import probes
from .states import Finding, State


@dataclass(frozen=True)
class Practice:
    number: int
    title: str
    # One sentence on how it is done here.
    how: str = ""
    # Files of the project, and settings as `settings.NAME`.
    where: tuple[str, ...] = ()
    # Tests, as pytest names them; one fails when the practice is broken. Without a proof
    # there is no practice: it is not built yet.
    proof: str = ""
    # What it is in where the site runs now. One that lives in the code alone has none.
    probe: Callable[[], Finding] | None = None
    # The question that it depends on, and whether the answer left it out of this project.
    needs: str = ""

    @property
    def absent(self) -> bool:
        """Whether what it needs is not installed."""
        return bool(self.needs) and not NEEDS[self.needs]()

    def find(self) -> Finding:
        if self.absent:
            return Finding(State.ABSENT, f"left out by the answer to {self.needs}")
        if not self.proof:
            return Finding(State.UNBUILT, "not built yet")
        return self.ask()

    def ask(self) -> Finding:
        """Ask the probe; one that fails says so, and stops nothing else."""
        if self.absent or not self.probe:
            return Finding(State.ON)
        try:
            return self.probe()
        except Exception as error:  # noqa: BLE001
            return Finding(State.OFF, f"its probe failed: {error!r}")

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the entry itself: it names what is not there."""
        if self.proof and not (self.how and self.where):
            yield f"practice {self.number} has a proof, but does not say how and where"
        for place in () if self.absent else self.where:
            if not exists(place):
                yield f"practice {self.number} names a place that is not there: {place}"
        for node in self.proof.split():
            if not (self.absent or exists(node)):
                yield f"practice {self.number} names a proof that is not there: {node}"


def exists(place: str) -> bool:
    """Whether there is such a setting, file or test: `settings.X`, `a.py`, `a.py::test`."""
    if place.startswith("settings."):
        return hasattr(settings, place.removeprefix("settings."))
    path, _, test = place.partition("::")
    file = settings.BASE_DIR / path
    return file.exists() and (not test or f"def {test}(" in file.read_text())


LAST = 73

NEEDS: dict[str, Callable[[], bool]] = {
    "example_app": lambda: apps.is_installed("apps.catalog"),
    "media_storage": lambda: find_spec("storages") is not None,
    "use_celery": lambda: find_spec("celery") is not None,
    "error_tracking": lambda: bool(find_spec("sentry_sdk") or find_spec("newrelic")),
}

LEDGER: dict[str, list[Practice]] = {
    "Caching": [
        Practice(
            1,
            "Cache the views",
            how="A public page is kept once for all and knows no visitor, and a process gives it again for a second without asking Redis; one's own is kept by cookie, inside of what is private: the article's example, kept by URL alone, shows one user's page to another.",
            needs="example_app",
            where=(
                "apps/catalog/views.py",
                "plinth/src/plinth/cache/microcache.py",
                "templates/catalog/home.html",
            ),
            proof="plinth/plinth_tests/cache/test_microcache.py "
            "tests/catalog/test_pages.py::test_the_home_page_is_made_once_for_all "
            "tests/catalog/test_pages.py::test_a_busy_process_does_not_ask_the_cache_for_the_home_page "
            "tests/catalog/test_pages.py::test_a_change_of_a_product_is_on_the_home_page_at_once "
            "tests/catalog/test_pages.py::test_ones_own_page_is_made_once_for_oneself "
            "tests/catalog/test_pages.py::test_one_page_of_somebody_is_not_shown_in_their_other_browser "
            "tests/catalog/test_pages.py::test_a_new_review_is_on_ones_own_page_at_once "
            "tests/catalog/test_pages.py::test_a_session_that_has_ended_shows_nothing",
        ),
        Practice(
            2,
            "Template fragment caching",
            how="The list of other products on a product's page is kept for its category and the products' version, so that a write drops it; the view hands it over as a function, which a kept fragment never calls.",
            needs="example_app",
            where=("templates/catalog/product.html", "apps/catalog/views.py"),
            proof="tests/catalog/test_pages.py::test_a_fragment_is_made_once_for_each_category",
        ),
        Practice(
            3,
            "Cache ORM queries",
            how="django-cachalot keeps, for a minute at most, the queries of named tables alone, which are read often and written rarely, until one is written; left to itself, as in the article, it keeps those of every table.",
            where=(
                "config/settings/base.py",
                "plinth/src/plinth/database/query_cache.py",
                "settings.CACHALOT_ONLY_CACHABLE_TABLES",
            ),
            proof="plinth/plinth_tests/database/test_query_cache.py "
            "plinth/plinth_tests/database/test_routers.py::test_what_is_kept_is_read_from_the_primary",
            probe=probes.kept_queries,
        ),
        Practice(
            14,
            "Cache framework",
            how="django-redis with time-outs of a second, which a page outlives: a dead or silent Redis is logged, left alone for five seconds and counts as an empty cache; sessions and locks are apart, and a lock is never had without its server.",
            where=(
                "config/settings/base.py",
                "plinth/src/plinth/cache/redis.py",
                "plinth/src/plinth/cache/versions.py",
                "settings.CACHES",
            ),
            proof="plinth/plinth_tests/cache/test_redis.py plinth/plinth_tests/cache/test_versions.py",
            probe=probes.cache_backend,
        ),
        Practice(
            16,
            "Sessions in memory",
            how="Sessions are read from Redis and written to the database too: in Redis alone, as the article has them (SESSION_STORE=cache), nobody signs in while it is dead.",
            where=(
                "config/settings/base.py",
                "settings.SESSION_ENGINE",
                "settings.SESSION_CACHE_ALIAS",
            ),
            proof="plinth/plinth_tests/cache/test_sessions.py",
            probe=probes.sessions,
        ),
        Practice(
            54,
            "Web-server cache",
            how="nginx, or Varnish by the same rules, keeps the pages that the application calls public for as long as it says, and shows them while it is down; who brings a session, a password or a cookie of this site's is served by the application.",
            where=(
                "deploy/nginx/cache.conf",
                "deploy/varnish/rules.vcl",
                "plinth/src/plinth/http/middleware.py",
            ),
            proof="plinth/plinth_tests/deploy/test_web_cache.py "
            "plinth/plinth_tests/http/test_middleware.py::test_what_a_session_or_a_cookie_made_is_private",
            probe=probes.in_front,
        ),
        Practice(
            55,
            "Browser caching",
            how="A product's page goes out with an ETag and Last-Modified, and its browser asks each time: one query and a 304 without a body, compressed or not, while nothing on it has changed; what a session or a cookie has made is private.",
            needs="example_app",
            where=("apps/catalog/views.py", "plinth/src/plinth/http/middleware.py"),
            proof="tests/catalog/test_pages.py::test_a_page_that_has_not_changed_is_not_sent_again "
            "tests/catalog/test_pages.py::test_a_page_is_sent_again_when_somebody_reviews_the_product "
            "tests/catalog/test_pages.py::test_a_page_is_sent_again_to_who_signs_in "
            "tests/catalog/test_pages.py::test_ones_own_page_is_made_once_for_oneself "
            "tests/catalog/test_pages.py::test_no_cache_in_front_keeps_a_page_for_who_has_a_session "
            "plinth/plinth_tests/http/test_middleware.py::test_what_a_session_or_a_cookie_made_is_private",
        ),
    ],
    "Database": [
        Practice(
            4,
            "Connection lifetime",
            how="A pool keeps connections, or a thread its own for CONN_MAX_AGE seconds (60), and either tries one before use; under a pool or ASGI, which the article does not tell apart, a thread keeps none.",
            where=("plinth/src/plinth/database/settings.py", "config/asgi.py", "settings.DATABASES"),
            proof="plinth/plinth_tests/database/test_settings.py::test_a_connection_is_kept_only_where_a_thread_finds_it_again",
            probe=probes.connection_age,
        ),
        Practice(
            5,
            "Database OPTIONS",
            how="PostgreSQL cancels slow statements, waits for locks and forgotten transactions, and knows whose connection it is; what DATABASE_URL says (sslmode) stands above that.",
            where=(
                "plinth/src/plinth/database/settings.py",
                "deploy/pgbouncer/pgbouncer.ini",
                "settings.DATABASES",
            ),
            proof="plinth/plinth_tests/database/test_settings.py",
            probe=probes.database_options,
        ),
        Practice(
            15,
            "Database router",
            how="What changes nothing reads from a replica that answers and is not behind, and is made anew from the primary if that one fails; who has written reads from the primary until the replicas have it.",
            where=(
                "plinth/src/plinth/database/routers.py",
                "plinth/src/plinth/database/replicas.py",
                "plinth/src/plinth/http/middleware.py",
                "settings.DATABASE_ROUTERS",
            ),
            proof="plinth/plinth_tests/database/test_routers.py",
            probe=probes.replicas,
        ),
        Practice(
            17,
            "Indexes",
            how="Each list has the index that gives its rows in order (composite, partial or covering; trigrams for the search), made while others write on PostgreSQL.",
            needs="example_app",
            where=(
                "apps/catalog/models.py",
                "apps/catalog/migrations/0002_indexes.py",
                "plinth/src/plinth/database/operations.py",
            ),
            proof="tests/catalog/test_querysets.py::test_an_index_answers "
            "tests/catalog/test_querysets.py::test_each_index_is_made_while_others_write",
        ),
        Practice(
            34,
            "Connection pooler",
            how="The threads of a process share a pool of ten connections, or all processes a PgBouncer (DATABASE_POOLER), as deploy/compose has it; migrations and long reads go past it.",
            where=(
                "plinth/src/plinth/database/settings.py",
                "plinth/src/plinth/server/gunicorn.py",
                "deploy/pgbouncer/pgbouncer.ini",
                "deploy/compose/compose.yml",
            ),
            proof="plinth/plinth_tests/database/test_settings.py plinth/plinth_tests/deploy/test_pgbouncer.py "
            "plinth/plinth_tests/deploy/test_compose.py::test_pages_go_through_pgbouncer_and_migrations_past_it",
            probe=probes.pooler,
        ),
        Practice(
            36,
            "ORM databases",
            how="PostgreSQL in production, of a release that Django still takes (15 or newer); SQLite, which needs no server, until DATABASE_URL names it.",
            where=("config/settings/base.py", "plinth/src/plinth/practices/probes.py"),
            proof="plinth/plinth_tests/practices/test_probes.py::test_only_postgresql_is_a_database_for_production",
            probe=probes.database_engine,
        ),
        # Its check serves already; the drill of a restore does not.
        Practice(41, "Managed databases", probe=probes.database_tls),
    ],
    "Queries": [
        Practice(
            7,
            "Bulk writes",
            how="An import saves five thousand rows by one statement, which changes those that it knows, after a COPY on PostgreSQL; a rule finds a save in a loop.",
            needs="example_app",
            where=(
                "apps/catalog/bulk.py",
                "apps/catalog/services.py",
                "apps/catalog/seeds.py",
                "plinth/plinth_tests/tools/test_loops.py",
            ),
            proof="tests/catalog/test_services.py::test_a_thousand_rows_are_saved_by_one_statement "
            "tests/catalog/test_services.py::test_a_known_product_is_changed_and_keeps_its_counters "
            "plinth/plinth_tests/tools/test_loops.py",
        ),
        Practice(
            8,
            "iterator",
            how="An export reads its rows in chunks, in the same memory for any number; a plain loop would hold them all, but is one query, not one for each row as the article has it.",
            needs="example_app",
            where=("apps/catalog/querysets.py",),
            proof="tests/catalog/test_querysets.py::test_an_export_needs_no_more_memory_for_more_rows",
        ),
        Practice(
            9,
            "select_related",
            how="Lists join what they show by name, in the admin too, since the bare call is deprecated; it works with iterator, which the article denies.",
            needs="example_app",
            where=("apps/catalog/querysets.py", "apps/catalog/admin.py"),
            proof="tests/catalog/test_querysets.py::test_a_list_with_its_categories_is_one_query "
            "tests/catalog/test_querysets.py::test_the_reviews_of_products_are_one_query_with_the_names_of_their_authors "
            "tests/catalog/test_querysets.py::test_a_list_that_is_read_in_chunks_has_its_categories_and_tags "
            "tests/catalog/test_admin.py::test_a_list_makes_the_same_few_queries_for_any_number_of_rows",
        ),
        Practice(
            10,
            "prefetch_related",
            how="Tags and newest reviews come in one more query for all rows, narrowed to the columns that are shown; with iterator, one for each chunk.",
            needs="example_app",
            where=("apps/catalog/querysets.py",),
            proof="tests/catalog/test_querysets.py::test_the_tags_of_a_list_are_one_more_query "
            "tests/catalog/test_querysets.py::test_the_reviews_of_products_are_one_query_with_the_names_of_their_authors "
            "tests/catalog/test_querysets.py::test_a_list_that_is_read_in_chunks_has_its_categories_and_tags",
        ),
        Practice(
            11,
            "values / values_list",
            how="An export selects its own columns as plain rows, and makes no objects.",
            needs="example_app",
            where=("apps/catalog/querysets.py",),
            proof="tests/catalog/test_querysets.py::test_an_export_selects_the_exports_columns",
        ),
        Practice(
            12,
            "only / defer",
            how="Lists load with only() what they show, and a fetch mode raises on any other field, in templates too; the article takes only for defer, and defer for only.",
            needs="example_app",
            where=("apps/catalog/querysets.py",),
            proof="tests/catalog/test_querysets.py::test_a_list_loads_no_column_that_it_does_not_show "
            "tests/catalog/test_querysets.py::test_a_field_that_was_not_loaded_raises_in_code "
            "tests/catalog/test_querysets.py::test_a_field_that_was_not_loaded_raises_in_a_template "
            "tests/catalog/test_querysets.py::test_somebodys_reviews_load_what_their_page_shows",
        ),
        Practice(
            13,
            "update_fields",
            how="A save names the fields that changed, in the admin too, and counters are added to in the database by F(): of two who write at once, neither is lost.",
            needs="example_app",
            where=("apps/catalog/services.py", "apps/catalog/admin.py"),
            proof="tests/catalog/test_services.py::test_an_update_names_the_columns_that_changed "
            "tests/catalog/test_services.py::test_two_who_change_different_fields_of_a_product_both_do "
            "tests/catalog/test_services.py::test_a_review_is_added_to_the_counters_in_the_database "
            "tests/catalog/test_services.py::test_a_changed_review_updates_its_own_columns "
            "tests/catalog/test_admin.py::test_two_who_edit_different_fields_of_a_product_both_do",
        ),
        Practice(
            69,
            "exists()",
            how="Whether there is a review is asked of one row; exists() does make a query, which the article denies, and a rule finds a count where it would do.",
            needs="example_app",
            where=("apps/catalog/views.py", "plinth/plinth_tests/tools/test_loops.py"),
            proof="tests/catalog/test_pages.py::test_a_product_asks_whether_there_is_a_review_for_one_row "
            "plinth/plinth_tests/tools/test_loops.py",
        ),
    ],
    "Migrations": [
        Practice(
            32,
            "Squash migrations",
            how="A system check reminds of an app with more unsquashed migrations than "
            "SQUASH_MIGRATIONS_AFTER, or with several of which one is older than "
            "SQUASH_MIGRATIONS_DAYS; `make squash` squashes them.",
            where=(
                "plinth/src/plinth/practices/checks.py",
                "settings.SQUASH_MIGRATIONS_AFTER",
                "settings.SQUASH_MIGRATIONS_DAYS",
                "Makefile",
            ),
            proof="plinth/plinth_tests/practices/test_migrations.py",
        ),
        Practice(48, "Migration failures"),
        Practice(49, "Never just drop a column"),
    ],
    "Responses and files": [
        Practice(
            18,
            "Streaming responses",
            how="An export is sent while it is read: the first line before a row is, and some hundred rows at a time.",
            needs="example_app",
            where=("apps/catalog/views.py", "apps/catalog/formats.py"),
            proof="tests/catalog/test_pages.py::test_an_export_is_streamed_to_who_may_see_it "
            "tests/catalog/test_pages.py::test_an_export_starts_before_a_row_is_read "
            "tests/catalog/test_pages.py::test_an_export_is_written_while_it_is_read",
        ),
        Practice(
            19,
            "Compression",
            how="Bodies from a kilobyte go out as zstd, br or gzip, with a header of random length against BREACH, to which the article's GZipMiddleware and a plain nginx are open.",
            where=("plinth/src/plinth/http/middleware.py", "settings.MIDDLEWARE"),
            proof="plinth/plinth_tests/http/test_compression.py plinth/plinth_tests/http/test_middleware_order.py::test_each_middleware_stands_where_it_must",
        ),
        Practice(
            22,
            "Static and media on a CDN",
            how="CDN_DOMAIN alone puts both on the CDN, and its domain into the page's policy; static files have their content's hash in the name, are compressed when they are collected, and are kept for ever.",
            where=(
                "config/settings/base.py",
                "config/settings/production.py",
                "docs/cdn.md",
                "settings.STATIC_URL",
            ),
            proof="plinth/plinth_tests/storage/test_cdn.py",
            probe=probes.cdn,
        ),
        Practice(
            53,
            "django-storages",
            how="Two storages in one bucket: what no field calls public is private, behind addresses that are signed for minutes; no file replaces another, none has an ACL, and a dead bucket fails within seconds as a disk does.",
            needs="media_storage",
        ),
        Practice(
            56,
            "Media on S3 and CDN",
            how="Public media has a plain address on the CDN, with a year's Cache-Control under a name that never gets another content; private media is in a folder that the CDN may not read.",
            needs="media_storage",
        ),
    ],
    "Background work": [
        Practice(
            27,
            "Background workers",
            how="Celery acknowledges a task when it is done, so that another worker takes over from a lost one, tries again what passes, later and later, and sends on commit; the schedule is in code, where the article's djcelery is dead.",
            needs="use_celery",
            where=(
                "config/celery.py",
                "config/settings/base.py",
                "plinth/src/plinth/tasks/services.py",
            ),
            proof="plinth/plinth_tests/tasks/test_celery.py plinth/plinth_tests/tasks/test_services.py",
            probe=probes.background_work,
        ),
        Practice(
            35,
            "Workers instead of signals",
            how="What follows from a write stands in the service that writes, as a task on commit: a rule finds a signal's receiver that writes, and a task that is sent before the commit.",
            where=("plinth/plinth_tests/tools/test_signals.py",),
            proof="plinth/plinth_tests/tools/test_signals.py",
        ),
        Practice(
            66,
            "No threads or processes in views",
            how="Ruff refuses to import what starts a thread or a process, but for the command that runs these proofs.",
            where=("pyproject.toml",),
            proof="plinth/plinth_tests/tools/test_processes.py",
        ),
    ],
    "Code": [
        Practice(
            6,
            "No unused apps",
            how="Tools of development are installed and named by local settings only: production starts without them, and deptry finds a package that nothing uses.",
            where=(
                "pyproject.toml",
                "config/settings/local.py",
                "settings.INSTALLED_APPS",
            ),
            proof="plinth/plinth_tests/tools/test_unused.py",
            probe=probes.development_apps,
        ),
        Practice(
            20,
            "Lazy values",
            how="Texts, URLs and who is signed in are worked out when something uses them, by gettext_lazy, reverse_lazy and Django's lazy request.user: an import works out nothing.",
            where=("apps/accounts/models.py", "apps/accounts/views.py"),
            proof="plinth/plinth_tests/test_laziness.py",
        ),
        Practice(
            21,
            "No print",
            how="Ruff refuses what prints (T20), logs to nobody (LOG) or formats before it knows that somebody listens (G).",
            where=("pyproject.toml",),
            proof="plinth/plinth_tests/tools/test_prints.py",
        ),
        Practice(
            26,
            "django-model-utils",
            how="A MonitorField says when a password changed last; the article's Choices are Django's own TextChoices by now.",
            where=("apps/accounts/models.py",),
            proof="tests/accounts/test_models.py::test_a_new_password_is_dated_and_nothing_else_is",
        ),
        Practice(
            44,
            "One kind of view",
            how="Every view is a class: a system check warns about each one of this "
            "project's own that is a function, and leaves those of others alone.",
            where=("plinth/src/plinth/practices/checks.py", "apps/pages/views.py"),
            proof="plinth/plinth_tests/practices/test_urls.py::test_every_view_is_a_class "
            "plinth/plinth_tests/practices/test_urls.py::test_a_view_that_is_a_function_brings_a_warning",
        ),
        Practice(
            45,
            "PEP 8",
            how="Ruff formats and lints, mypy is strict and knows Django's types, and djLint reads the templates.",
            where=("pyproject.toml", ".pre-commit-config.yaml"),
            proof="plinth/plinth_tests/tools/test_style.py",
        ),
        Practice(
            58,
            "Know Django's internals",
            how="A document follows a request through Django's source, and tests pin each "
            "inner working that this project relies on.",
            where=("docs/internals.md",),
            proof="plinth/plinth_tests/docs/test_internals.py",
        ),
        Practice(
            68,
            "Named URLs",
            how="Every URL has a name in a namespace, which a system check asks for; "
            "templates link by name, which djLint asks for.",
            where=("plinth/src/plinth/practices/checks.py", "apps/pages/urls.py", "pyproject.toml"),
            proof="plinth/plinth_tests/practices/test_urls.py plinth/plinth_tests/practices/test_links.py",
        ),
        Practice(
            70,
            "Simple lambdas only",
            how="A lambda is one short expression: ruff refuses one that is given a name, and a test one that is long, nested or that chooses.",
            where=("pyproject.toml", "plinth/plinth_tests/tools/test_lambdas.py"),
            proof="plinth/plinth_tests/tools/test_lambdas.py",
        ),
        Practice(
            71,
            "Django's philosophies",
            how="Each record of a decision names the philosophy of Django's that it "
            "follows, and where the project shows it.",
            where=("docs/decisions.md",),
            proof="plinth/plinth_tests/docs/test_decisions.py",
        ),
    ],
    "Tools": [
        Practice(23, "Profile"),
        Practice(24, "django-silk"),
        Practice(
            25,
            "Query profiler",
            how="Zeal raises on a query that is made for each row (N+1), in every test and in local; the article's django-query-profiler has had no release since 2022.",
            where=("tests/conftest.py", "config/settings/local.py"),
            proof="plinth/plinth_tests/database/test_n_plus_one.py",
        ),
        Practice(
            29,
            "Debug Toolbar",
            how="In local only, within the content security policy: production does not even import it.",
            where=("config/settings/local.py", "config/urls.py"),
            proof="plinth/plinth_tests/settings/test_local.py",
        ),
        Practice(
            30,
            "pre-commit",
            how="Every hook runs from this project's own environment, so that a commit fetches nothing; each one is shown something that it must catch.",
            where=(".pre-commit-config.yaml",),
            proof="plinth/plinth_tests/tools/test_hooks.py",
        ),
        Practice(
            31,
            "Django hooks",
            how="django-upgrade, djade, djLint and makemigrations --check run at every commit.",
            where=(".pre-commit-config.yaml",),
            proof="plinth/plinth_tests/tools/test_hooks.py::test_each_hook_for_django_catches_what_it_is_for",
        ),
        Practice(
            38,
            "Maintain requirements",
            how="uv.lock holds what is installed, a hook keeps requirements.txt equal to it, and `make audit` looks for known vulnerabilities.",
            where=("pyproject.toml", ".pre-commit-config.yaml", "Makefile"),
            proof="plinth/plinth_tests/tools/test_requirements.py",
        ),
        Practice(
            40,
            "Latest Django",
            how="Django is pinned to its newest line and Renovate raises it; what is deprecated fails the tests before it is gone.",
            where=("pyproject.toml", "renovate.json"),
            proof="plinth/plinth_tests/tools/test_django.py",
        ),
        Practice(
            43,
            "Virtual environments",
            how="uv makes an environment for this project alone, with the Python that .python-version names, from the lock that the image is made of too.",
            where=(".python-version", "plinth/uv.mk", "Dockerfile"),
            proof="plinth/plinth_tests/tools/test_python.py",
        ),
        Practice(
            47,
            "Static analyser",
            how="Ruff's rules S, and rules of our own in ruff and djLint: no exception from CSRF, no text that is not escaped.",
            where=("pyproject.toml", ".djlint_rules.yaml"),
            proof="plinth/plinth_tests/tools/test_holes.py",
        ),
        Practice(
            52,
            "django-extensions",
            how="In local only, where show_urls and validate_templates run.",
            where=("config/settings/local.py",),
            proof="plinth/plinth_tests/tools/test_extensions.py",
        ),
    ],
    "Security": [
        Practice(
            28,
            "TLS at nginx or the load balancer",
            how="nginx ends https as Mozilla's intermediate has it, refuses names that are not the site's, and says who visits and how, which the application believes of proxies alone; HSTS is the application's, raised in steps.",
            where=(
                "deploy/nginx/tls.conf",
                "deploy/nginx/site.conf",
                "plinth/src/plinth/http/middleware.py",
                "settings.TRUSTED_PROXIES",
            ),
            proof="plinth/plinth_tests/deploy/test_tls.py plinth/plinth_tests/http/test_proxies.py "
            "plinth/plinth_tests/practices/test_probes.py::test_proxies_that_are_anybody_are_nobody",
            probe=probes.https,
        ),
        Practice(
            37,
            "Never runserver in production",
            how="Gunicorn serves in the image and in all that deploys it, and runserver refuses to start without DEBUG.",
            where=(
                "plinth/src/plinth/management/commands/runserver.py",
                "plinth/src/plinth/server/gunicorn.py",
                "Dockerfile",
                "deploy/compose/compose.yml",
            ),
            proof="plinth/plinth_tests/server/test_runserver.py",
            probe=probes.runserver,
        ),
        Practice(
            39,
            ".env",
            how="`make setup` copies .env.example, which names every variable, to .env, which git ignores, and makes the secrets of characters that are safe in a URL; a hook refuses to commit one. On a server each may stand in a file of its own, which NAME_FILE names.",
            where=(
                ".env.example",
                ".gitignore",
                "Makefile",
                "plinth/src/plinth/env.py",
                "deploy/compose/setup.sh",
            ),
            proof="plinth/plinth_tests/settings/test_environment.py plinth/plinth_tests/test_env.py "
            "plinth/plinth_tests/deploy/test_compose.py::test_secrets_are_files_and_never_in_the_environment "
            "plinth/plinth_tests/deploy/test_compose.py::test_each_secret_is_made_once_and_for_few "
            "plinth/plinth_tests/deploy/test_compose.py::test_git_has_nothing_of_what_is_made",
        ),
        Practice(
            57,
            "Security-header scanning",
            how="A policy without exceptions, nonces where they are needed, and all headers that scanners ask for; cookies and https in production.",
            where=(
                "config/settings/base.py",
                "config/settings/production.py",
                "plinth/src/plinth/http/middleware.py",
            ),
            proof="plinth/plinth_tests/http/test_security.py",
        ),
        Practice(
            72,
            "Never DEBUG in production",
            how="Production settings refuse to start with DEBUG, and with a variable missing, in one line.",
            where=("config/settings/production.py",),
            proof="plinth/plinth_tests/settings/test_production.py",
            probe=probes.debug,
        ),
    ],
    "Servers": [
        Practice(59, "AsyncIO with care"),
        Practice(
            60,
            "Tune gunicorn",
            how="A process with threads for each CPU that the container may use and one more, on a unix socket behind nginx, with time-outs below nginx's; when one stops, it ends its requests and refuses the next, so that a restart loses none: the article's gevent and eventlet need drivers that wait their way.",
            where=(
                "plinth/src/plinth/server/gunicorn.py",
                "plinth/src/plinth/server/worker.py",
                "plinth/src/plinth/server/resources.py",
                "docs/gunicorn.md",
            ),
            proof="plinth/plinth_tests/server/test_gunicorn.py plinth/plinth_tests/server/test_cpus.py",
            probe=probes.web_server,
        ),
        Practice(
            61,
            "Open-file limits",
            how="Gunicorn takes as many open files as it may, a check compares them with what a process needs, and the files of nginx and Compose name the same number.",
            where=("plinth/src/plinth/server/resources.py", "plinth/src/plinth/practices/probes.py"),
            proof="plinth/plinth_tests/server/test_open_files.py",
            probe=probes.open_files,
        ),
        Practice(
            62,
            "Tune nginx",
            how="Each number of nginx's has its reason beside it and agrees with the application's: time-outs, connections that are kept, bodies, open files; who is slow or tries passwords meets a limit, and gixy finds nothing.",
            where=(
                "deploy/nginx/nginx.conf",
                "deploy/nginx/limits.conf",
                "deploy/nginx/proxy.conf",
                "deploy/nginx/upstream.conf",
            ),
            proof="plinth/plinth_tests/deploy/test_nginx.py",
            probe=probes.in_front,
        ),
        Practice(
            65,
            "How a request is served",
            how="A page shows the way of a request through this project, and a test says of each middleware what goes wrong elsewhere.",
            where=("docs/requests.md", "settings.MIDDLEWARE"),
            proof="plinth/plinth_tests/http/test_middleware_order.py",
        ),
        Practice(
            73,
            "Docker for development and deployment",
            how="One image, made from the lock, is the web, a worker, beat and a command; it runs as nobody, on a disk that it can't write to, asks itself whether it serves, and holds no secret; compose.yml mounts the code into the same image with the tools.",
            where=("Dockerfile", ".dockerignore", "compose.yml", "plinth/src/plinth/server/healthcheck.py"),
            proof="plinth/plinth_tests/deploy/test_image.py plinth/plinth_tests/server/test_healthcheck.py",
        ),
    ],
    "Deployment": [
        Practice(33, "Blue/green"),
        Practice(46, "Load tests"),
        Practice(50, "Deployment tools"),
    ],
    "Watching": [
        Practice(42, "Monitoring"),
        Practice(
            51,
            "Sentry or New Relic",
            needs="error_tracking",
        ),
        Practice(63, "Defined metrics"),
        Practice(64, "Central logging"),
        Practice(
            67,
            "Tailored logging",
            how="One line of JSON for each request: its id, user's id, status and milliseconds, and nothing else of a person; who logged before Django started is still heard.",
            where=(
                "plinth/src/plinth/http/middleware.py",
                "plinth/src/plinth/logs/formatters.py",
                "settings.LOGGING",
            ),
            proof="plinth/plinth_tests/logs/test_logging.py plinth/plinth_tests/http/test_middleware.py",
        ),
    ],
}


def practices() -> list[Practice]:
    """Return all of them, in the order of their numbers."""
    everything = [practice for theme in LEDGER.values() for practice in theme]
    return sorted(everything, key=lambda practice: practice.number)


def faults() -> list[str]:
    """Return what is wrong with the ledger, a line each."""
    numbers = [practice.number for practice in practices()]
    wrong = [
        f"practice {n} is in the ledger {numbers.count(n)} times, not once"
        for n in range(1, LAST + 1)
        if numbers.count(n) != 1
    ]
    wrong += [f"practice {n} is none of the {LAST}" for n in numbers if n > LAST]
    # An image for servers leaves out what proves: there is nothing to compare with.
    if (settings.BASE_DIR / "tests").exists():
        wrong += [fault for practice in practices() for fault in practice.faults()]
    return wrong
