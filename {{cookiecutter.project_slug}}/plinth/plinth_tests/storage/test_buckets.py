"""Files in a bucket, public behind the CDN and private behind signatures, without a server."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from plinth.practices import probes
from plinth.practices.states import State
from plinth_tests.processes import BUCKETS, COMPLETE, PROVIDER, python, run_code

pytestmark = [
    pytest.mark.practice(53),
    pytest.mark.skipif(not PROVIDER, reason="an extra: s3, gcs or azure"),
]
on_s3 = pytest.mark.skipif(PROVIDER != "s3", reason="an extra: s3")

BUCKET = {"STATIC_STORAGE": "bucket"}

STATE = """
import json
import re
from functools import cache
from pathlib import Path
from django.conf import settings
from django.core.files.storage import storages
state = {"origin": settings.MEDIA_ORIGIN, "signed": settings.MEDIA_SIGNED_FOR}
state |= {"csp": settings.SECURE_CSP, "options": {}}
for name in ("default", "public", "static_bucket"):
    state["options"][name] = {
        option: value
        for option, value in settings.STORAGES[name]["OPTIONS"].items()
        if isinstance(value, str | int | dict | None)
    }
"""
PUBLIC = """
state["public"] = storages["public"].url("a b.webp")
"""
PRIVATE = """
state["private"] = storages["default"].url("a b.pdf")
"""
PRINT = """
print(json.dumps(state))
"""


@cache
def state(code: str, **variables: str) -> dict[str, Any]:
    done = run_code(STATE + code + PRINT, **(COMPLETE | variables))
    found: dict[str, Any] = json.loads(done.stdout)
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
def test_what_is_public_is_on_the_cdn_under_a_plain_address() -> None:
    found = state(PUBLIC, STORAGE_EMULATOR_HOST="http://127.0.0.1:1")

    address = str(found["public"])
    assert address.startswith("https://cdn.example.com/")
    assert address.endswith("/media/a%20b.webp")
    assert "https://cdn.example.com" in found["csp"]["img-src"]
    assert found["signed"] == 0


@pytest.mark.practice(56)
def test_caches_may_keep_what_is_public_and_nothing_else() -> None:
    options = state("")["options"]

    assert cache_control(options["public"]) == "public, max-age=31536000"
    assert (
        cache_control(options["static_bucket"]) == "public, max-age=31536000, immutable"
    )
    assert cache_control(options["default"]) == "private, max-age=300"
    alone = state("", CDN_DOMAIN="")["options"]["public"]
    assert cache_control(alone) == "private, max-age=31536000"


@pytest.mark.practice(56)
def test_private_files_are_apart_and_never_on_the_cdn() -> None:
    options = state("")["options"]

    assert options["default"]["location"] == "private"
    assert options["public"]["location"] == "media"
    assert "cdn.example.com" not in str(options["default"])


@pytest.mark.practice(56)
def test_no_file_takes_the_place_of_another() -> None:
    for options in state("")["options"].values():
        assert False is options.get(
            "file_overwrite", options.get("overwrite_files", True)
        )


def test_no_file_gets_an_acl_which_buckets_of_today_refuse() -> None:
    assert "acl" not in str(state("")["options"]).lower()


def test_a_private_file_is_no_page_at_the_buckets_address() -> None:
    assert "attachment" in str(state("")["options"]["default"])


@pytest.mark.skipif(PROVIDER == "gcs", reason="signing asks Google for the role")
def test_a_private_address_is_signed_for_minutes_even_with_a_cdn() -> None:
    found = state(PRIVATE)

    address = str(found["private"])
    assert address.startswith(f"{found['origin']}/private/a%20b.pdf?")
    if PROVIDER == "s3":
        assert "X-Amz-Expires=300&" in address
        assert "X-Amz-Signature=" in address
    assert re.search("sig(nature)?=", address, re.IGNORECASE)


@pytest.mark.skipif(PROVIDER == "gcs", reason="signing asks Google for the role")
def test_without_a_cdn_public_addresses_are_signed_and_pages_may_show_them() -> None:
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
def test_the_policy_allows_the_origin_that_the_bucket_really_has(
    region: str, endpoint: str
) -> None:
    variables = {"AWS_S3_REGION_NAME": region, "AWS_S3_ENDPOINT_URL": endpoint}
    post = """
post = storages["default"].connection.meta.client.generate_presigned_post
state["post"] = post("uploads", "a")["url"]
"""
    found = state(PUBLIC + PRIVATE + post, CDN_DOMAIN="", **variables)

    for address in (found["public"], found["private"]):
        assert address.startswith(f"{found['origin']}/")
    assert f"{found['origin']}/" in found["csp"]["img-src"]
    assert found["origin"] in found["csp"]["connect-src"]
    assert found["post"].removesuffix("/") == found["origin"]


@on_s3
def test_a_dead_bucket_fails_as_a_disk_does_whatever_is_asked() -> None:
    code = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage as storage
for ask in (
    lambda: storage.exists("a"),
    lambda: storage.size("a"),
    lambda: storage.delete("a"),
    lambda: storage.listdir(""),
    lambda: storage.open("a").read(),
    lambda: storage._save("a", ContentFile(b"a")),
):
    try:
        ask()
    except OSError:
        print("OSError")
"""
    variables = {"AWS_S3_ENDPOINT_URL": "http://127.0.0.1:1"}

    assert run_code(code, **(COMPLETE | variables)).stdout.split() == ["OSError"] * 6


@on_s3
def test_a_bucket_is_given_up_in_seconds_and_holds_little_memory() -> None:
    code = """
from django.conf import settings
for name in ("default", "public"):
    options = settings.STORAGES[name]["OPTIONS"]
    limits = options["client_config"]
    print((limits.connect_timeout + limits.read_timeout) * limits.retries["total_max_attempts"])
    print(options["transfer_config"].use_threads)
"""
    assert run_code(code, **COMPLETE).stdout.split() == ["14", "False"] * 2


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"CDN_DOMAIN": ""}, "CDN_DOMAIN (for STATIC_STORAGE=bucket) is missing"),
        (
            dict.fromkeys(BUCKETS[PROVIDER], "") if PROVIDER else {},
            "the bucket's name (for STATIC_STORAGE=bucket) is missing",
        ),
    ],
)
def test_static_files_in_a_bucket_need_a_bucket_and_a_cdn(
    variables: dict[str, str], fault: str
) -> None:
    done = python("manage.py", "check", **(COMPLETE | BUCKET | variables))

    assert done.stderr == f"Production settings refuse to start: {fault}.\n"


def test_static_files_in_a_bucket_are_not_served_by_the_site() -> None:
    code = """
from django.conf import settings
print([name for name in settings.MIDDLEWARE if "whitenoise" in name.lower()])
"""
    assert run_code(code, **(COMPLETE | BUCKET)).stdout == "[]\n"


PUBLISH = """
import os
import django
from django.conf import settings
settings.STATIC_ROOT = os.environ["FOLDER"] + "/collected"
settings.STORAGES["static_bucket"] = dict(
    BACKEND="django.core.files.storage.FileSystemStorage",
    OPTIONS=dict(location=os.environ["FOLDER"] + "/bucket"),
)
django.setup()
from django.core.management import CommandError, call_command
try:
    call_command("publish_static")
except CommandError as error:
    print(error)
# The admin's files are many, and like these.
call_command(
    "collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"]
)
call_command("publish_static")
call_command("publish_static")
"""


def test_what_is_collected_is_published_once(tmp_path: Path) -> None:
    done = run_code(PUBLISH, **(COMPLETE | BUCKET | {"FOLDER": str(tmp_path)}))

    before, first, second = done.stdout.splitlines()
    assert before == "Nothing is collected: run collectstatic first."
    published = [path.name for path in (tmp_path / "bucket").rglob("*.*")]
    assert len(published) >= 3
    assert first == f"{len(published)} files uploaded, 0 were there."
    assert second == f"0 files uploaded, {len(published)} were there."
    # Under hashed names only: they alone can be kept for ever.
    assert all(re.search(r"\.[0-9a-f]+\.\w+$", name) for name in published)


def test_public_and_private_files_that_are_not_apart_are_found(
    settings: Settings,
) -> None:
    settings.MEDIA_ORIGIN = "https://bucket.example.com"
    settings.CDN_DOMAIN = "cdn.example.com"

    # In memory they have no places of their own, and no domain.
    assert probes.bucket().state is State.OFF
    assert probes.media_cdn().state is State.OFF
