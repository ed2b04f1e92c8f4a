"""Files in a bucket: public ones behind the CDN, private ones behind signed URLs."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from plinth.practices import probes
from plinth.practices.states import State
from plinth_tests.processes import BUCKETS, COMPLETE, PROVIDER, evaluate, run, run_code

pytestmark = [
    pytest.mark.practice(53),
    pytest.mark.skipif(not PROVIDER, reason="an extra: s3, gcs or azure"),
]
on_s3 = pytest.mark.skipif(PROVIDER != "s3", reason="an extra: s3")

BUCKET = {"STATIC_STORAGE": "bucket"}

STATE = """
from django.conf import settings
from django.core.files.storage import storages
result = {"origin": settings.MEDIA_ORIGIN, "signed": settings.MEDIA_SIGNED_FOR}
result |= {"csp": settings.SECURE_CSP, "options": {}}
for name in ("default", "public", "static_bucket"):
    result["options"][name] = {
        option: value
        for option, value in settings.STORAGES[name]["OPTIONS"].items()
        if isinstance(value, str | int | dict | None)
    }
"""
PUBLIC = """
result["public"] = storages["public"].url("a b.webp")
"""
PRIVATE = """
result["private"] = storages["default"].url("a b.pdf")
"""


@cache
def state(code: str = "", **variables: str) -> dict[str, Any]:
    found: dict[str, Any] = evaluate(STATE + code, **COMPLETE | variables)
    return found


def cache_control(options: dict[str, Any]) -> str:
    given = options | options.get("object_parameters", {})
    (value,) = (
        value
        for name, value in given.items()
        if name.replace("_", "").lower() == "cachecontrol"
    )
    return str(value)


@pytest.mark.practice(56)
def test_public_file_has_a_plain_url_on_the_cdn() -> None:
    found = state(PUBLIC, STORAGE_EMULATOR_HOST="http://127.0.0.1:1")

    url = str(found["public"])
    assert url.startswith("https://cdn.example.com/")
    assert url.endswith("/media/a%20b.webp")
    assert "https://cdn.example.com" in found["csp"]["img-src"]
    assert found["signed"] == 0


@pytest.mark.practice(56)
def test_only_public_files_are_cached_by_shared_caches() -> None:
    options = state()["options"]

    assert cache_control(options["public"]) == "public, max-age=31536000"
    assert (
        cache_control(options["static_bucket"]) == "public, max-age=31536000, immutable"
    )
    assert cache_control(options["default"]) == "private, max-age=300"
    without_cdn = state(CDN_DOMAIN="")["options"]["public"]
    assert cache_control(without_cdn) == "private, max-age=31536000"


@pytest.mark.practice(56)
def test_private_files_have_a_location_of_their_own_and_no_cdn() -> None:
    options = state()["options"]

    assert options["default"]["location"] == "private"
    assert options["public"]["location"] == "media"
    assert "cdn.example.com" not in str(options["default"])


@pytest.mark.practice(56)
def test_no_upload_replaces_a_file() -> None:
    for options in state()["options"].values():
        assert False is options.get(
            "file_overwrite", options.get("overwrite_files", True)
        )


def test_no_file_has_an_acl() -> None:
    """New buckets refuse ACLs."""
    assert "acl" not in str(state()["options"]).lower()


def test_private_file_is_never_rendered_at_the_buckets_origin() -> None:
    assert "attachment" in str(state()["options"]["default"])


@pytest.mark.skipif(PROVIDER == "gcs", reason="Google signs over the network")
def test_private_url_is_signed_for_minutes_even_with_a_cdn() -> None:
    found = state(PRIVATE)

    url = str(found["private"])
    assert url.startswith(f"{found['origin']}/private/a%20b.pdf?")
    if PROVIDER == "s3":
        assert "X-Amz-Expires=300&" in url
        assert "X-Amz-Signature=" in url
    assert re.search("sig(nature)?=", url, re.IGNORECASE)


@pytest.mark.skipif(PROVIDER == "gcs", reason="Google signs over the network")
def test_public_url_without_a_cdn_is_signed_and_allowed_by_the_policy() -> None:
    found = state(PUBLIC, CDN_DOMAIN="")

    assert str(found["public"]).startswith(f"{found['origin']}/media/a%20b.webp?")
    assert f"{found['origin']}/" in found["csp"]["img-src"]
    assert found["signed"] == 3600


@on_s3
@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("", ""),
        ("us-east-1", ""),
        ("ap-southeast-2", ""),
        ("auto", "https://account.r2.example.com/"),
    ],
)
def test_policy_allows_the_origin_of_the_buckets_urls(
    region: str, endpoint: str
) -> None:
    variables = {"AWS_S3_REGION_NAME": region, "AWS_S3_ENDPOINT_URL": endpoint}
    post = """
post = storages["default"].connection.meta.client.generate_presigned_post
result["post"] = post("uploads", "a")["url"]
"""
    found = state(PUBLIC + PRIVATE + post, CDN_DOMAIN="", **variables)

    for url in (found["public"], found["private"]):
        assert url.startswith(f"{found['origin']}/")
    assert f"{found['origin']}/" in found["csp"]["img-src"]
    assert found["origin"] in found["csp"]["connect-src"]
    assert found["post"].removesuffix("/") == found["origin"]


@on_s3
def test_dead_bucket_raises_os_errors() -> None:
    code = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage as storage
result = []
for call in (
    lambda: storage.exists("a"),
    lambda: storage.size("a"),
    lambda: storage.delete("a"),
    lambda: storage.listdir(""),
    lambda: storage.open("a").read(),
    lambda: storage._save("a", ContentFile(b"a")),
):
    try:
        call()
    except OSError:
        result.append("OSError")
"""
    variables = {"AWS_S3_ENDPOINT_URL": "http://127.0.0.1:1"}

    assert evaluate(code, **COMPLETE | variables) == ["OSError"] * 6


@on_s3
def test_bucket_fails_in_seconds_and_uploads_use_constant_memory() -> None:
    code = """
from django.conf import settings
result = []
for name in ("default", "public"):
    options = settings.STORAGES[name]["OPTIONS"]
    limits = options["client_config"]
    attempts = limits.retries["total_max_attempts"]
    result.append((limits.connect_timeout + limits.read_timeout) * attempts)
    result.append(options["transfer_config"].use_threads)
"""
    assert evaluate(code, **COMPLETE) == [14, False] * 2


# Static files in the bucket


@pytest.mark.parametrize(
    "variables",
    [{"CDN_DOMAIN": ""}, dict.fromkeys(BUCKETS.get(PROVIDER, {}), "")],
    ids=["no CDN", "no bucket"],
)
def test_static_files_in_a_bucket_need_a_bucket_and_a_cdn(
    variables: dict[str, str],
) -> None:
    done = run("import config.wsgi", **COMPLETE | BUCKET | variables)

    assert done.stderr == (
        "The variable STATIC_STORAGE must be whitenoise, "
        "unless CDN_DOMAIN and a bucket are set.\n"
    )


def test_static_files_in_a_bucket_are_not_served_by_the_site() -> None:
    code = """
from django.conf import settings
result = [name for name in settings.MIDDLEWARE if "whitenoise" in name.lower()]
"""
    assert evaluate(code, **COMPLETE | BUCKET) == []
    assert len(evaluate(code, **COMPLETE)) == 1


PUBLISH = """
import os
from pathlib import Path
from django.conf import settings
folder = Path(os.environ["FOLDER"])
for name in ("css/a.css", "js/a.js", "a.svg"):
    (folder / "static" / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / "static" / name).write_text("a")
settings.STATICFILES_DIRS = [folder / "static"]
settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
settings.STATIC_ROOT = folder / "collected"
settings.STORAGES["static_bucket"] = dict(
    BACKEND="django.core.files.storage.FileSystemStorage",
    OPTIONS=dict(location=folder / "bucket"),
)
import django
django.setup()
from django.core.management import CommandError, call_command
try:
    call_command("publish_static")
except CommandError as error:
    print(error)
call_command("collectstatic", interactive=False, verbosity=0)
call_command("publish_static")
call_command("publish_static")
"""


def test_collected_files_are_published_once(tmp_path: Path) -> None:
    done = run_code(PUBLISH, **COMPLETE | BUCKET | {"FOLDER": str(tmp_path)})

    before, first, second = done.stdout.splitlines()
    assert before == "No collected files: run collectstatic first."
    assert first == "3 files uploaded, 0 were there."
    assert second == "0 files uploaded, 3 were there."
    # Under hashed names only: those alone may be cached forever.
    published = [path.name for path in (tmp_path / "bucket").rglob("*.*")]
    assert len(published) == 3
    assert all(re.search(r"\.[0-9a-f]+\.\w+$", name) for name in published)


def test_probe_finds_public_and_private_files_in_one_location(
    settings: Settings,
) -> None:
    settings.MEDIA_ORIGIN = "https://bucket.example.com"
    settings.CDN_DOMAIN = "cdn.example.com"

    # In-memory storages have neither a location nor a domain.
    assert probes.bucket().state is State.OFF
    assert probes.media_cdn().state is State.OFF
