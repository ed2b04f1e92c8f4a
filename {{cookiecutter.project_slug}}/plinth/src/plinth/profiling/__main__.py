"""Profile of a page: writes its flame graph, prints its ten hottest functions."""

import os
import re
import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from plinth.profiling.flame_graph import Function
    from plinth.profiling.pages import Profile

FUNCTIONS = 10


def main() -> None:
    parser = ArgumentParser(prog="make profile", description=__doc__)
    parser.add_argument("url", nargs="?", default="/", help="path of the page")
    parser.add_argument("--user", default="", help="email of a user to sign in as")
    parser.add_argument("--seconds", type=float, default=1, help="default: %(default)s")
    parser.add_argument(
        "--no-caches", action="store_true", help="as if every cache were empty"
    )
    parser.add_argument("--output", type=Path, help="default: profiles/PATH.html")
    parser.add_argument("--traceback", action="store_true", help="of an error")
    options = parser.parse_args()

    project = os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if not import_module(project).DEBUG:
        sys.exit(f"Profiles are made with local settings: {project} has no DEBUG.")
    module = "no_caches" if options.no_caches else "site"
    os.environ["PROFILED_SETTINGS"] = project
    os.environ["DJANGO_SETTINGS_MODULE"] = f"plinth.profiling.settings.{module}"
    django.setup()
    try:
        from plinth.profiling import flame_graph, pages
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed: run `make profile`.")
    try:
        profile = pages.profile(options.url, user=options.user, seconds=options.seconds)
    except pages.ProfileError as error:
        if options.traceback:
            raise
        sys.exit(str(error))
    file = options.output or default_file(profile.url)
    file.parent.mkdir(exist_ok=True)
    file.write_text(flame_graph.html(profile.session))
    show(profile, flame_graph.hottest(profile.session, FUNCTIONS))
    sys.stdout.write(f"\nFlame graph: {file}\n")


def default_file(url: str) -> Path:
    name = re.sub(r"\W+", "-", url).strip("-") or "home"
    return Path("profiles", f"{name}.html")


def show(profile: "Profile", functions: "list[Function]") -> None:
    """Print milliseconds and queries of one request without the profiler."""
    ms = profile.seconds * 1000
    sys.stdout.write(
        f"GET {profile.url} 200: {ms:.2f} ms (median of {profile.requests} requests), "
        f"{profile.queries:g} queries ({profile.query_seconds * 1000:.2f} ms); "
        f"{profile.first_queries} at the first request\n\n"
        "  own ms  own %  total ms  function\n"
    )
    for function in functions:
        sys.stdout.write(
            f"{function.own * ms:8.2f} {function.own:6.1%} {function.total * ms:9.2f}  "
            f"{function.name:30}  {function.place}\n"
        )


if __name__ == "__main__":
    main()
