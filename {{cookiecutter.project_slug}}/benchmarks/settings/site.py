"""Production, with files and keys of the benchmark's own, and a bare view beside it."""

from pathlib import Path

from config.settings.production import *

# Made for one run, and deleted after it.
FOLDER = Path(env("BENCHMARK_FOLDER"))

ROOT_URLCONF = "benchmarks.urls"
STATIC_ROOT = FOLDER / "static"
# Pages need the names of static files; compressing them would take most of the set-up.
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
}
# In a Redis that others use too, no key of these meets one of theirs.
for alias, cache in CACHES.items():
    cache["KEY_PREFIX"] = f"{FOLDER.name}:{alias}"
