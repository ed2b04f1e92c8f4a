"""Optional dependencies: what an installation without one does."""

import pytest

from plinth import extras
from plinth_tests.processes import EMBEDDED, evaluate, run

# As on a machine where none of them is installed.
WITHOUT = """
import sys
for name in (
    *("boto3", "google.cloud.storage", "azure.storage.blob", "sentry_sdk", "newrelic"),
    "opentelemetry.sdk",
):
    sys.modules[name] = None
"""


def test_extra_is_found_by_its_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        extras,
        "MODULES",
        {
            "here": ["django", "redis"],
            "half": ["django", "no_such_module"],
            "child": ["no_such_module.child"],
        },
    )

    assert extras.is_installed("here")
    assert not extras.is_installed("half")
    assert not extras.is_installed("child")


@pytest.mark.parametrize(
    ("variable", "value", "extra"),
    [
        ("AWS_STORAGE_BUCKET_NAME", "uploads", "s3"),
        ("GS_BUCKET_NAME", "uploads", "gcs"),
        ("AZURE_CONTAINER", "uploads", "azure"),
        ("EMAIL_URL", "ses://eu-west-1", "s3"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318", "otel"),
    ],
)
def test_variable_of_a_missing_extra_stops_the_start_with_one_line(
    variable: str, value: str, extra: str
) -> None:
    done = run(f"{WITHOUT}import config.wsgi", **EMBEDDED | {variable: value})

    assert done.returncode == 1
    assert done.stderr == (
        f"The variable {variable} needs an extra that is not installed: "
        f"add django-plinth[{extra}] to the dependencies.\n"
    )


@pytest.mark.parametrize(
    ("code", "variables", "extra"),
    [
        (
            (
                "from plinth.errors import sentry\n"
                "sentry.start('', environment='', release='', traces_sample_rate=0)"
            ),
            {"SENTRY_DSN": "https://key@sentry.example.com/1"},
            "sentry",
        ),
        (
            "from plinth.errors import new_relic\nnew_relic.start('site')",
            {"NEW_RELIC_LICENSE_KEY": "key"},
            "newrelic",
        ),
    ],
    ids=["sentry", "newrelic"],
)
def test_error_tracking_without_its_extra_stops_the_start_with_one_line(
    code: str, variables: dict[str, str], extra: str
) -> None:
    done = run(WITHOUT + code, **EMBEDDED | variables)

    assert done.returncode == 1
    (variable,) = variables
    assert done.stderr == (
        f"The variable {variable} needs an extra that is not installed: "
        f"add django-plinth[{extra}] to the dependencies.\n"
    )


def test_one_bucket_at_a_time() -> None:
    variables = {"AWS_STORAGE_BUCKET_NAME": "uploads", "GS_BUCKET_NAME": "uploads"}

    done = run("import config.wsgi", **EMBEDDED | variables)

    assert done.stderr == (
        "The variable GS_BUCKET_NAME must be unset "
        "while AWS_STORAGE_BUCKET_NAME names a bucket.\n"
    )


def test_model_without_its_app_has_a_label_of_its_own_and_a_check() -> None:
    code = """
from config.settings import production
for name in ("plinth.mail", "plinth.tasks"):
    if name in production.INSTALLED_APPS:
        production.INSTALLED_APPS.remove(name)
import django
django.setup()
from django.apps import apps
from plinth.checks import check_apps
from plinth.mail.models import Suppression
from plinth.tasks.models import IdempotencyKey
labels = [model._meta.app_label for model in (Suppression, IdempotencyKey)]
own = [model.__name__ for model in apps.get_app_config("plinth").get_models()]
result = [labels, own, [message.msg.split()[0] for message in check_apps()]]
"""
    assert evaluate(code, **EMBEDDED) == [
        ["mail", "jobs"],
        [],
        ["plinth.mail", "plinth.tasks"],
    ]
