"""Take away what the answers left out, and say what comes next.

Runs in the new project, and again at every `cruft update`: it needs no network, makes no
secrets and calls no git.
"""

import json
import shlex
import shutil
from pathlib import Path

answers = json.loads(r"""{{ cookiecutter | tojson }}""")

# A path stays when its condition holds.
KEEP = {
    "apps/catalog/direct.py": answers["media_storage"] == "s3",
    "apps/catalog/tasks.py": answers["use_celery"],
    "apps/catalog": answers["example_app"],
    "apps/core/caching.py": answers["example_app"],
    "apps/core/operations.py": answers["example_app"],
    "apps/core/buckets/amazon.py": answers["media_storage"] == "s3",
    "apps/core/buckets/azure.py": answers["media_storage"] == "azure",
    "apps/core/buckets/google.py": answers["media_storage"] == "gcs",
    "apps/core/buckets": answers["media_storage"] != "local",
    "apps/core/management/commands/publish_static.py": answers["media_storage"]
    != "local",
    "apps/core/uploads.py": answers["example_app"] and answers["media_storage"] == "s3",
    "apps/core/tasks.py": answers["use_celery"],
    "deploy/terraform": answers["media_storage"] == "s3",
    "config/celery.py": answers["use_celery"],
    "config/new_relic.py": answers["error_tracking"] == "newrelic",
    "config/sentry.py": answers["error_tracking"] == "sentry",
    "static/css/catalog.css": answers["example_app"],
    "static/js": answers["example_app"] and answers["media_storage"] == "s3",
    "templates/catalog/manual_direct.html": answers["media_storage"] == "s3",
    "templates/catalog": answers["example_app"],
    "tests/catalog/test_direct.py": answers["media_storage"] == "s3",
    "tests/catalog": answers["example_app"],
    "tests/core/test_buckets.py": answers["media_storage"] != "local",
    "tests/core/test_caching.py": answers["example_app"],
    "tests/core/test_tasks.py": answers["use_celery"],
}

for path, keep in KEEP.items():
    if not keep:
        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()
        if not any(Path(path).parent.iterdir()):
            Path(path).parent.rmdir()

# Cruft, which says no output folder, bakes into a temporary one at every check.
if "_output_dir" in answers:
    print(
        f"""
{answers["project_name"]} is ready.
  cd {shlex.quote(str(Path.cwd()))} && make run
  git init && git add --all && git commit --message "Start"
""".strip()
    )
