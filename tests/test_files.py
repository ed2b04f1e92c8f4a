"""Files on the real parts: an S3 server, a caching proxy as the CDN, a browser."""

import hashlib
import http.client
import json
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import hcl2
import pytest
from playwright.sync_api import expect, sync_playwright

from tests import services
from tests.conftest import Bake
from tests.gate import gate
from tests.production import manage, servable, shell, sign_in
from tests.services import Answer, get, gunicorn
from tests.support import LEANEST, Say

# Seconds. Some twelve are what the settings allow, clients left alone take minutes, and a
# proxy waits for 60.
PATIENCE = 50
# On a busy machine the server has more to do than one page.
expect.set_options(timeout=60_000)

AWS = {
    "AWS_STORAGE_BUCKET_NAME": "uploads",
    "AWS_S3_REGION_NAME": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}
# An ACL, which the buckets of today refuse, would raise. Anybody else may read nothing.
MAKE_BUCKET = """
from django.core.files.storage import storages
for name in ("default", "public", "static_bucket"):
    def refuse_acl(model, params, **kwargs):
        assert "x-amz-acl" not in {name.lower() for name in params["headers"]}, params
    events = storages[name].connection.meta.client.meta.events
    events.register("before-call.s3", refuse_acl)
storage = storages["default"]
region = {"LocationConstraint": storage.region_name}
storage.bucket.create(CreateBucketConfiguration=region)
"""
# What the Terraform grants to CloudFront, here granted to any.
LET_THE_CDN_READ = """
import json
from django.core.files.storage import storages
storage = storages["default"]
arn = f"arn:aws:s3:::{storage.bucket_name}"
grant = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
grant["Resource"] = [f"{arn}/media/*", f"{arn}/static/*"]
policy = {"Version": "2012-10-17", "Statement": [grant]}
storage.bucket.Policy().put(Policy=json.dumps(policy))
"""
# What a page does with an upload: store two of one name, read, link, delete.
ROUND_TRIP = """
import json
from django.core.files.base import ContentFile
from django.core.files.storage import storages
storage = storages["{alias}"]
first = storage.save("a b.txt", ContentFile(b"one"))
second = storage.save("a b.txt", ContentFile(b"two"))
texts = [storage.open(name).read().decode() for name in (first, second)]
link = storage.url(first)
storage.delete(second)
print(json.dumps([texts, link, storage.exists(first), storage.exists(second)]))
"""


@pytest.fixture(scope="module")
def project(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to serve, with its static files collected."""
    return servable(install(), tmp_path_factory.mktemp("files"))


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[dict[str, str]]:
    with services.moto(tmp_path) as url:
        yield AWS | {"AWS_S3_ENDPOINT_URL": url}


@pytest.fixture
def guarded(s3: dict[str, str]) -> Iterator[dict[str, str]]:
    """S3 behind a gate that looks at signatures, clocks and policies."""
    secret = s3["AWS_SECRET_ACCESS_KEY"]
    with gate(s3["AWS_S3_ENDPOINT_URL"], "uploads", secret) as url:
        yield s3 | {"AWS_S3_ENDPOINT_URL": url}


def round_trip(
    project: Path, alias: str = "public", before: str = "", **variables: str
) -> str:
    """Store, read and delete uploads; return the address of the one that is left."""
    code = before + ROUND_TRIP.replace("{alias}", alias)
    said = shell(project, code, DATABASE_URL="sqlite://", **variables)
    texts, link, first, second = json.loads(said.splitlines()[-1])
    assert (texts, first, second) == (["one", "two"], True, False)
    return link


def give_up(project: Path, before: str = "", **variables: str) -> float:
    """Seconds until a page that asks for an upload gets an error, a disk's."""
    code = """
import time
from django.core.files.storage import default_storage as storage
start = time.monotonic()
try:
    storage.exists("a.txt")
except OSError as error:
    print(time.monotonic() - start)
"""
    said = shell(project, before + code, DATABASE_URL="sqlite://", **variables)
    return float(said.splitlines()[-1])


# S3: private and public


def test_private_file_opens_by_its_signed_url_only(
    project: Path, guarded: dict[str, str]
) -> None:
    code = """
print(storage.url("a b.txt", expire=1))
"""
    link = round_trip(project, "default", MAKE_BUCKET, **guarded)
    short = shell(
        project,
        MAKE_BUCKET.split("region =")[0] + code,
        DATABASE_URL="sqlite://",
        **guarded,
    )
    time.sleep(2.1)

    answer = get(link, host="")
    assert (answer.status, answer.text) == (200, "one")
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert get(link.split("?")[0], host="").status == 403
    assert get(link.replace("a%20b", "a%20c"), host="").text == "SignatureDoesNotMatch"
    longer = link.replace("Expires=300", "Expires=30000")
    assert get(longer, host="").text == "SignatureDoesNotMatch"
    expired = get(short.strip(), host="")
    assert (expired.status, expired.text) == (403, "Request has expired")


@pytest.mark.services("nginx", "openssl")
def test_cdn_serves_public_media_and_no_private_file(
    project: Path, s3: dict[str, str], tmp_path: Path
) -> None:
    with services.cdn(tmp_path, f"{s3['AWS_S3_ENDPOINT_URL']}/uploads") as domain:
        variables = s3 | {"CDN_DOMAIN": domain}
        before = MAKE_BUCKET + LET_THE_CDN_READ
        link = round_trip(project, before=before, **variables)
        first, second = get(link, host=""), get(link, host="")
        round_trip(project, "default", **variables)
        private = get(f"https://{domain}/private/a%20b.txt", host="")

    assert link == f"https://{domain}/media/a%20b.txt"
    assert (first.text, second.text) == ("one", "one")
    assert first.headers["Cache-Control"] == "public, max-age=31536000"
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert private.status == 403


@pytest.mark.services("nginx", "openssl")
def test_published_static_files_are_served_by_the_cdn(
    project: Path, s3: dict[str, str], tmp_path: Path, record_property: Say
) -> None:
    shell(project, MAKE_BUCKET + LET_THE_CDN_READ, DATABASE_URL="sqlite://", **s3)
    with services.cdn(tmp_path, f"{s3['AWS_S3_ENDPOINT_URL']}/uploads") as domain:
        variables = s3 | {
            "CDN_DOMAIN": domain,
            "STATIC_STORAGE": "bucket",
            "DATABASE_URL": "sqlite://",
        }
        said, seconds = [], []
        for _ in range(2):
            start = time.monotonic()
            said.append(manage(project, "publish_static", **variables).strip())
            seconds.append(time.monotonic() - start)
        with gunicorn(project, tmp_path / "log", **variables) as site:
            page = get(site).text
            assert get(f"{site}/static/css/site.css").status == 404
        found = re.search(rf"https://{domain}(/static/css/site\.\w+\.css)", page)
        assert found
        first, second = get(found[0], host=""), get(found[0], host="")

    assert re.fullmatch(r"[1-9]\d+ files uploaded, 0 were there.", said[0])
    assert said[1] == f"0 files uploaded, {said[0].split()[0]} were there."
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert second.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert second.headers["Content-Type"] == "text/css"
    assert second.text == (project / "static/css/site.css").read_text()
    record_property(
        "summary",
        "; ".join(f"{s:.1f} s: {text}" for s, text in zip(seconds, said, strict=True)),
    )


@pytest.mark.services("nginx", "openssl")
def test_static_files_of_the_site_are_served_by_the_cdn(
    project: Path, tmp_path: Path
) -> None:
    variables = {"DATABASE_URL": "sqlite://"}
    with (
        gunicorn(
            project, tmp_path / "log", ALLOWED_HOSTS="127.0.0.1,localhost", **variables
        ) as site,
        services.cdn(tmp_path, site) as domain,
    ):
        path = re.search(r"/static/css/site\.\w+\.css", get(site).text)
        assert path
        first, second = (get(f"https://{domain}{path[0]}", host="") for _ in range(2))

    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert "immutable" in second.headers["Cache-Control"]
    assert second.text == (project / "static/css/site.css").read_text()


# S3: what is sent through the site


def pdf(megabytes: int) -> bytes:
    return b"%PDF-1.7\n" + b"x" * (megabytes * 1_000_000) + b"\n%%EOF\n"


def upload(site: str, session: str, content: bytes) -> Answer:
    """Send a manual by the page's form, as a browser does."""
    address = f"{site}/catalog/product/SEED-000000001/manual/upload/"
    cookie = f"__Host-sessionid={session}"
    page = get(address, Cookie=cookie)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    secret = re.search(r"__Host-csrftoken=\w+", str(page.headers["Set-Cookie"]))
    assert token
    assert secret
    return post(
        address,
        {"csrfmiddlewaretoken": token[1]},
        content,
        Cookie=f"{cookie}; {secret[0]}",
        Host="example.com",
    )


def post(address: str, fields: dict[str, str], file: bytes, **headers: str) -> Answer:
    """Post a form with a file."""
    boundary = uuid.uuid4().hex
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    name = 'name="file"; filename="a.pdf"\r\nContent-Type: application/pdf'
    head += f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\n\r\n"
    body = head.encode() + file + f"\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    parts = urlsplit(address)
    server = http.client.HTTPConnection(parts.netloc, timeout=60)
    server.request("POST", parts.path, body, headers | {"Content-Type": kind})
    response = server.getresponse()
    answer = Answer(response.status, response.headers, response.read().decode())
    server.close()
    return answer


@pytest.fixture
def shop(project: Path, tmp_path: Path) -> tuple[str, str]:
    """A database with a product, and the session of somebody who may change it."""
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=url)
    manage(project, "seed_catalog", "--products=30", DATABASE_URL=url)
    (session,) = sign_in(project, "Staff", DATABASE_URL=url)
    return url, session


def manual(project: Path, **variables: str) -> list[str]:
    """The name of the product's manual, and the digest of what its storage has."""
    code = """
import hashlib
from apps.catalog.models import Product
manual = Product.objects.get(sku="SEED-000000001").manual
print(manual.name or "none", hashlib.file_digest(manual.open(), "sha256").hexdigest() if manual else "")
"""
    return shell(project, code, **variables).split()


def test_upload_uses_constant_memory(
    project: Path,
    s3: dict[str, str],
    shop: tuple[str, str],
    tmp_path: Path,
    record_property: Say,
) -> None:
    url, session = shop
    variables = s3 | {"DATABASE_URL": url}
    shell(project, MAKE_BUCKET, **variables)
    peaks = {}
    with gunicorn(project, tmp_path / "log", **variables) as site:
        upload(site, session, pdf(1))
        said = (tmp_path / "log").read_text()
        [worker] = re.findall(r"Booting worker with pid: (\d+)", said)
        for megabytes in (1, 10, 100):
            content = pdf(megabytes)
            Path(f"/proc/{worker}/clear_refs").write_text("5")
            answer = upload(site, session, content)
            assert answer.status == 302, answer.text
            peaks[megabytes] = peak(worker)
    _, digest = manual(project, **variables)

    assert digest == hashlib.sha256(content).hexdigest()
    assert len(manuals_in(project, **variables)) == 1
    record_property(
        "summary",
        "peak memory of the worker: "
        + ", ".join(f"{mb} MB: {kb / 1024:.0f} MiB" for mb, kb in peaks.items()),
    )
    # Kilobytes: ten times the size of a part, of which some are in memory.
    assert peaks[100] - peaks[1] < 80_000


def peak(process: int) -> int:
    """The most memory, in kilobytes, that a process has held since it was reset."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1])


def manuals_in(project: Path, **variables: str) -> list[str]:
    code = """
from django.core.files.storage import default_storage
print(*default_storage.listdir("manuals")[1])
"""
    return shell(project, code, **variables).split()


def test_dead_bucket_is_reported_in_seconds_without_partial_writes(
    project: Path, shop: tuple[str, str], tmp_path: Path
) -> None:
    url, session = shop
    with services.silent() as port:
        for dead in (port, 1):
            variables = AWS | {
                "DATABASE_URL": url,
                "AWS_S3_ENDPOINT_URL": f"http://127.0.0.1:{dead}",
            }
            with gunicorn(project, tmp_path / "log", **variables) as site:
                start = time.monotonic()
                answer = upload(site, session, pdf(1))
                seconds = time.monotonic() - start
            assert answer.status == 503
            assert "The file storage does not answer" in answer.text
            assert manual(project, **variables) == ["none"]
            assert seconds < PATIENCE


# S3: what goes past the site

GRANT = """
import json
from plinth.storage import direct_upload
print(json.dumps(direct_upload.presign(1, "application/pdf", 1_000)))
"""


def test_bucket_accepts_the_presigned_upload_only(
    project: Path, guarded: dict[str, str]
) -> None:
    variables = guarded | {"DATABASE_URL": "sqlite://"}
    shell(project, MAKE_BUCKET, **variables)
    granted = json.loads(shell(project, GRANT, **variables).splitlines()[-1])
    url, fields = granted["url"], granted["fields"]

    def refusal(size: int = 100, **changed: str) -> str:
        answer = post(url, fields | changed, b"x" * size)
        assert answer.status == 403
        return answer.text

    assert refusal(size=1_001) == "EntityTooLarge"
    assert refusal(size=0) == "EntityTooLarge"
    assert "key" in refusal(key="media/index.html")
    assert "Content-Type" in refusal(100, **{"Content-Type": "text/html"})
    assert "acl" in refusal(acl="public-read")
    assert refusal(policy=fields["policy"][:-4]) == "SignatureDoesNotMatch"
    assert post(url, fields, b"x" * 1_000).status == 204


@pytest.mark.services("chromium")
def test_browser_uploads_directly_to_the_bucket(
    project: Path, guarded: dict[str, str], shop: tuple[str, str], tmp_path: Path
) -> None:
    url, session = shop
    variables = guarded | {"DATABASE_URL": url, "ALLOWED_HOSTS": "localhost"}
    shell(project, MAKE_BUCKET, **variables)
    file, script = tmp_path / "a.pdf", tmp_path / "b.pdf"
    file.write_bytes(pdf(1))
    script.write_bytes(b"<script>alert(1)</script>")
    posted = []
    with (
        gunicorn(project, tmp_path / "log", **variables) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        site = site.replace("127.0.0.1", "localhost")
        context = browser.new_context()
        context.add_cookies(
            [
                {
                    "name": "__Host-sessionid",
                    "value": session,
                    "url": site.replace("http:", "https:"),
                    "secure": True,
                }
            ]
        )
        page = context.new_page()
        page.on("request", lambda sent: posted.append((sent.method, sent.url)))
        page.goto(f"{site}/catalog/product/SEED-000000001/manual/upload/")
        page.get_by_label("Manual").set_input_files(script)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("alert")).to_have_text("This is not a PDF file.")
        page.get_by_label("Manual").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("link", name="Manual (PDF)")).to_be_visible()
        browser.close()

    bucket = f"{guarded['AWS_S3_ENDPOINT_URL']}/uploads"
    assert posted.count(("POST", bucket)) == 2
    assert not [
        one for one in posted if one[1].endswith("upload/") and one[0] == "POST"
    ]
    name, digest = manual(project, **variables)
    assert digest == hashlib.sha256(pdf(1)).hexdigest()
    # What was no manual is gone, and nothing waits to be taken.
    assert manuals_in(project, **variables) == [Path(name).name]


def test_amazon_url_has_the_host_of_its_region(project: Path) -> None:
    code = """
from django.core.files.storage import default_storage as storage
print(storage.url("a.txt"))
"""
    link = shell(project, code, DATABASE_URL="sqlite://", **AWS)

    # Another host would redirect there, which the signature does not survive.
    assert link.startswith(
        "https://uploads.s3.eu-central-1.amazonaws.com/private/a.txt?"
    )


def test_dead_bucket_fails_in_seconds(project: Path) -> None:
    with services.silent() as port:
        for dead in (port, 1):
            url = f"http://127.0.0.1:{dead}"
            assert give_up(project, AWS_S3_ENDPOINT_URL=url, **AWS) < PATIENCE


# The Terraform


def test_terraform_references_exist(bake: Bake) -> None:
    folder = bake() / "deploy/terraform"
    text = "".join(path.read_text() for path in folder.glob("*.tf"))
    blocks = [hcl2.loads(path.read_text()) for path in folder.glob("*.tf")]

    def names(kind: str) -> set[str]:
        """The names of blocks of a kind, each with those of the blocks around it."""
        return {
            ".".join(name.strip('"') for name in path)
            for block in blocks
            for entry in block.get(kind, [])
            for path in paths(entry, 1 if kind == "variable" else 2)
        }

    resources, data = names("resource"), names("data")
    assert len(resources) > 10
    used = set(re.findall(r"(?<![\w.\"])(data\.)?(aws_\w+\.\w+)(?=[.\[\]])", text))
    assert {name for prefix, name in used if not prefix} <= resources
    assert {name for prefix, name in used if prefix} == data
    assert set(re.findall(r"\bvar\.(\w+)", text)) == names("variable")
    # What the bucket lets others read, and the settings put there.
    assert 'public      = ["media", "static"]' in text
    settings = (bake() / "plinth/src/plinth/storage/settings.py").read_text()
    for place in ("media", "static", "private"):
        assert f'"location": "{place}"' in settings
    assert 'prefix = "private/incoming/"' in text
    # The site can't replace the scripts of its pages.
    assert '{ site = ["media", "private"], publish = ["static"] }' in text
    assert '"${aws_s3_bucket.files.arn}/*"' not in text.partition('"role"')[2]


def paths(entry: dict, depth: int) -> Iterator[list[str]]:
    for name, inside in entry.items():
        if depth == 1:
            yield [name]
        else:
            yield from ([name, *path] for path in paths(inside, depth - 1))


# Google and Azure


@pytest.mark.services("openssl")
def test_uploads_to_google_cloud_storage(install: Bake, tmp_path: Path) -> None:
    project = install(media_storage="gcs", error_tracking="newrelic")
    variables = {
        "GS_BUCKET_NAME": "uploads",
        "GOOGLE_APPLICATION_CREDENTIALS": str(services.google_key(tmp_path)),
    }
    with services.google_storage(tmp_path) as emulator:
        link = round_trip(
            project,
            CDN_DOMAIN="cdn.example.com",
            STORAGE_EMULATOR_HOST=emulator,
            **variables,
        )
    assert link == "https://cdn.example.com/media/a%20b.txt"

    code = """
from django.core.files.storage import storages
print(storages["public"].url("a.txt"), storages["default"].url("a.txt"))
"""
    said = shell(project, code, DATABASE_URL="sqlite://", **variables)
    for link, place, seconds in zip(
        said.split(), ("media", "private"), (3600, 300), strict=True
    ):
        assert link.startswith(f"https://storage.googleapis.com/uploads/{place}/a.txt?")
        assert "X-Goog-Signature=" in link
        assert f"X-Goog-Expires={seconds}" in link

    with services.silent() as port:
        for dead in (port, 1):
            url = f"http://127.0.0.1:{dead}"
            assert give_up(project, STORAGE_EMULATOR_HOST=url, **variables) < PATIENCE


@pytest.mark.services("azurite")
def test_uploads_to_azure_blob_storage(install: Bake, tmp_path: Path) -> None:
    project = install(**LEANEST | {"media_storage": "azure"})
    # The emulator is at trial.blob.localhost, which not every machine can look up.
    emulator = """
import socket
from django.conf import settings
look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more)
settings.AZURE_SSL, settings.AZURE_ENDPOINT_SUFFIX = False, "localhost:{port}"
"""
    variables = {
        "AZURE_CONTAINER": "uploads",
        "AZURE_ACCOUNT_NAME": "trial",
        "AZURE_ACCOUNT_KEY": services.AZURE_KEY,
    }
    cdn = variables | {"CDN_DOMAIN": "cdn.example.com"}
    with services.azure_storage(tmp_path, account="trial") as port:
        before = emulator.format(port=port) + (
            "from django.core.files.storage import default_storage as storage\n"
            "storage.client.create_container()\n"
        )
        link = round_trip(project, "default", before, **variables)
        host = f"trial.blob.localhost:{port}"
        local = link.replace(host, f"127.0.0.1:{port}")
        answer = get(local, host=host)
        assert answer.text == "one"
        assert answer.headers["Cache-Control"] == "private, max-age=300"
        assert get(local.split("?")[0], host=host).status >= 400

        link = round_trip(project, before=emulator.format(port=port), **cdn)
        assert link == "http://cdn.example.com/uploads/media/a%20b.txt"

    with services.silent() as port:
        for dead in (port, 1):
            before = emulator.format(port=dead)
            assert give_up(project, before, **variables) < PATIENCE
