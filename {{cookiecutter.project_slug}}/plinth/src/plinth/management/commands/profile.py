import re
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from plinth.profiling.flame_graph import Function
    from plinth.profiling.pages import Profile

FUNCTIONS = 10


class Command(BaseCommand):
    help = (
        "Profile a page of the site: write its flame graph into profiles/, and print its "
        "ten hottest functions."
    )
    # For a page, not for the project.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", nargs="?", default="/", help="path of the page")
        parser.add_argument("--user", default="", help="email of a user to sign in as")
        parser.add_argument(
            "--seconds", type=float, default=1, help="default: %(default)s"
        )
        parser.add_argument(
            "--no-caches", action="store_true", help="as if every cache were empty"
        )

    def handle(
        self, *, url: str, user: str, seconds: float, no_caches: bool, **options: Any
    ) -> None:
        if not settings.DEBUG:
            raise CommandError("Profiles are made with local settings: DEBUG is off.")
        try:
            from plinth.profiling import flame_graph, pages
        except ModuleNotFoundError as error:
            raise CommandError(
                f"{error.name} is not installed: run `make profile`."
            ) from error
        try:
            profile = pages.profile(
                url, user=user, seconds=seconds, caches=not no_caches
            )
        except pages.ProfileError as error:
            raise CommandError(str(error)) from error
        file = settings.BASE_DIR / "profiles" / f"{file_name(profile.url)}.html"
        file.parent.mkdir(exist_ok=True)
        file.write_text(flame_graph.html(profile.session))
        self.print_table(profile, flame_graph.hottest(profile.session, FUNCTIONS))
        self.stdout.write(f"\nFlame graph: {file.relative_to(settings.BASE_DIR)}")

    def print_table(self, profile: "Profile", functions: "list[Function]") -> None:
        """Print milliseconds and queries of one request without the profiler."""
        ms = profile.seconds * 1000
        self.stdout.write(
            f"GET {profile.url} 200: {ms:.2f} ms (median of {profile.requests} requests), "
            f"{profile.queries:g} queries ({profile.query_seconds * 1000:.2f} ms); "
            f"{profile.first_queries} at the first request\n\n"
            "  own ms  own %  total ms  function"
        )
        for function in functions:
            self.stdout.write(
                f"{function.own * ms:8.2f} {function.own:6.1%} {function.total * ms:9.2f}  "
                f"{function.name:30}  {function.place}"
            )


def file_name(url: str) -> str:
    return re.sub(r"\W+", "-", url).strip("-") or "home"
