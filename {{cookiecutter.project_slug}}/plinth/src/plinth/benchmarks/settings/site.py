"""Production, with files and keys of the benchmark's own, and a bare view beside it."""

from importlib import import_module
from pathlib import Path
from typing import Any

production = vars(import_module("config.settings.production"))
globals().update({name: production[name] for name in production if name.isupper()})

# Made for one run, and deleted after it.
FOLDER = Path(production["env"]("BENCHMARK_FOLDER"))

ROOT_URLCONF = "plinth.benchmarks.urls"
STATIC_ROOT = FOLDER / "static"
INSTALLED_APPS: list[str] = list(production["INSTALLED_APPS"])
MIDDLEWARE: list[str] = list(production["MIDDLEWARE"])
# Pages need the names of static files; compressing them would take most of the set-up.
STORAGES: dict[str, Any] = production["STORAGES"] | {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    }
}
# In a Redis that others use too, no key of these meets one of theirs.
CACHES: dict[str, Any] = production["CACHES"]
for alias, cache in CACHES.items():
    cache["KEY_PREFIX"] = f"{FOLDER.name}:{alias}"
