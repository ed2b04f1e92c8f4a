"""Production settings, with the benchmark's own database, files and cache keys."""

from importlib import import_module
from pathlib import Path
from typing import Any

production = vars(import_module("config.settings.production"))
globals().update({name: production[name] for name in production if name.isupper()})

# Deleted after the run.
FOLDER = Path(production["env"]("BENCHMARK_FOLDER"))

SITE_URLCONF = production["ROOT_URLCONF"]
ROOT_URLCONF = "plinth.benchmarks.urls"
STATIC_ROOT = FOLDER / "static"
# Services that respond late: plinth.benchmarks.asgi.
HEALTH_DEPENDENCIES = {
    url: url for url in production["env"].items("BENCHMARK_SERVICES")
}
INSTALLED_APPS: list[str] = [
    *production["INSTALLED_APPS"],
    # Apps that patch a practice away: SERVERS of an app's benchmarks.
    *production["env"].items("BENCHMARK_APPS"),
]
MIDDLEWARE: list[str] = list(production["MIDDLEWARE"])
# Templates need the hashed names of static files; compressing them takes long.
STORAGES: dict[str, Any] = production["STORAGES"] | {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    }
}
# No collision with other keys in a shared Redis.
CACHES: dict[str, Any] = production["CACHES"]
for alias, cache in CACHES.items():
    cache["KEY_PREFIX"] = f"{FOLDER.name}:{alias}"
# All visitors have one IP, and many sign in: they are counted, and none is refused.
UNLIMITED = 10**9
THROTTLE = {"sign-in": {"account": (UNLIMITED, 300), "client": (UNLIMITED, 60)}}
API_RATES = dict.fromkeys(["anonymous", "user"], (UNLIMITED, 60))
