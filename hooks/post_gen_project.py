"""Delete the files that the answers leave out, and print the next steps.

Runs in the new project, and again at every `cruft update`: it needs no network, makes no
secrets and calls no git.
"""

import json
import os
import shlex
import shutil
from pathlib import Path

answers = json.loads(r"""{{ cookiecutter | tojson }}""")

# A path stays if its own condition and those of its folders hold.
KEEP = {
    ".github": answers["ci"] == "github",
    ".gitlab-ci.yml": answers["ci"] == "gitlab",
    "CODEOWNERS": answers["ci"] != "none",
    "CONTRIBUTING.md": answers["ci"] != "none",
    "SECURITY.md": answers["ci"] != "none",
    "apps/accounts/api": answers["rest_api"] != "none",
    "apps/accounts/api/router.py": answers["rest_api"] == "ninja",
    "apps/accounts/api/urls.py": answers["rest_api"] == "drf",
    "apps/accounts/api/views.py": answers["rest_api"] == "drf",
    "apps/catalog": answers["example_app"],
    "apps/catalog/api": answers["rest_api"] != "none",
    "apps/catalog/api/router.py": answers["rest_api"] == "ninja",
    "apps/catalog/api/schemas.py": answers["rest_api"] == "ninja",
    "apps/catalog/api/serializers.py": answers["rest_api"] == "drf",
    "apps/catalog/api/urls.py": answers["rest_api"] == "drf",
    "apps/catalog/api/views.py": answers["rest_api"] == "drf",
    "apps/catalog/reports.py": answers["use_celery"],
    "apps/catalog/tasks.py": answers["use_celery"],
    "config/celery.py": answers["use_celery"],
    "config/settings/parts/accounts.py": answers["sign_up"],
    "config/settings/parts/tasks.py": answers["use_celery"],
    "config/settings/parts/web_api.py": answers["rest_api"] != "none",
    "deploy": answers["deploy"] != "none",
    "deploy/ansible": answers["deploy"] in {"compose", "systemd"},
    "deploy/ansible/group_vars/all/compose.yml": answers["deploy"] == "compose",
    "deploy/ansible/group_vars/all/systemd.yml": answers["deploy"] == "systemd",
    "deploy/ansible/tasks/compose": answers["deploy"] == "compose",
    "deploy/ansible/tasks/systemd": answers["deploy"] == "systemd",
    "deploy/ansible/templates/backup.service": answers["deploy"] == "compose",
    "deploy/ansible/templates/backup.timer": answers["deploy"] == "compose",
    "deploy/backup.sh": answers["deploy"] in {"compose", "systemd"},
    "deploy/compose": answers["deploy"] == "compose",
    "deploy/kubernetes": answers["deploy"] == "kubernetes",
    "deploy/kubernetes/base/worker.yaml": answers["use_celery"],
    "deploy/kubernetes/components/keda": answers["use_celery"],
    "deploy/logs": answers["deploy"] in {"compose", "systemd"},
    "deploy/logs/Dockerfile": answers["deploy"] == "compose",
    "deploy/logs/loki.yml": answers["deploy"] == "compose",
    "deploy/monitoring": answers["deploy"] in {"compose", "systemd"},
    "deploy/monitoring/grafana/provisioning": answers["deploy"] == "compose",
    "deploy/monitoring/prometheus.yml": answers["deploy"] == "compose",
    "deploy/nginx": answers["deploy"] in {"compose", "systemd"},
    "deploy/pgbouncer": answers["deploy"] in {"compose", "systemd"},
    "deploy/pgbouncer/Dockerfile": answers["deploy"] == "compose",
    "deploy/postgresql": answers["deploy"] in {"compose", "systemd"},
    "deploy/postgresql/app.sh": answers["deploy"] == "compose",
    "deploy/restore.sh": answers["deploy"] in {"compose", "systemd"},
    "deploy/rows.sql": answers["deploy"] in {"compose", "systemd"},
    "deploy/setup.sh": answers["deploy"] in {"compose", "systemd"},
    "deploy/site.env.example": answers["deploy"] in {"compose", "systemd"},
    "deploy/switch.sh": answers["deploy"] in {"compose", "systemd"},
    "deploy/systemd": answers["deploy"] == "systemd",
    "deploy/systemd/redis-broker.conf": answers["use_celery"],
    "deploy/systemd/units/site-beat.service": answers["use_celery"],
    "deploy/systemd/units/site-worker.service": answers["use_celery"],
    "deploy/terraform": answers["media_storage"] == "s3",
    "deploy/varnish": answers["deploy"] in {"compose", "systemd"},
    "docs/accounts.md": answers["sign_up"],
    "docs/api.md": answers["rest_api"] != "none",
    "docs/buckets.md": answers["media_storage"] != "local",
    "docs/ci.md": answers["ci"] != "none",
    "docs/hosts.md": answers["deploy"] in {"compose", "systemd"},
    "docs/kubernetes.md": answers["deploy"] == "kubernetes",
    "docs/nginx.md": answers["deploy"] in {"compose", "systemd"},
    "docs/paas.md": answers["deploy"] == "none",
    "docs/production.md": answers["deploy"] == "compose",
    "docs/systemd.md": answers["deploy"] == "systemd",
    "docs/tasks.md": answers["use_celery"],
    "templates/catalog": answers["example_app"],
    "templates/catalog/mail": answers["use_celery"],
    "tests/accounts/test_api.py": answers["rest_api"] != "none",
    "tests/catalog": answers["example_app"],
    "tests/catalog/test_api.py": answers["rest_api"] != "none",
    "tests/catalog/test_tasks.py": answers["use_celery"],
}

for path, keep in KEEP.items():
    if not keep and Path(path).exists():
        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()

# `make new` says where `make update` finds this version; `cruft create` writes it itself.
if origin := json.loads(os.environ.get("PLINTH_ORIGIN", "{}")):
    asked = {name: answers[name] for name in answers if not name.startswith("_")}
    state = origin | {"checkout": None, "directory": None}
    state |= {"context": {"cookiecutter": asked}}
    text = json.dumps(state, indent=2, ensure_ascii=False)
    Path(".cruft.json").write_text(f"{text}\n", encoding="utf-8")

# Cruft bakes into a temporary folder at every check, and passes no output folder.
if "_output_dir" in answers:
    print(
        f"""
{answers["project_name"]} is ready.
  cd {shlex.quote(str(Path.cwd()))} && make run
  git init && git add --all && git commit --message "Start"
""".strip()
    )
