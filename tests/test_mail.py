"""Mail from a baked project, taken by a real SMTP server, by stand-ins of providers, and
sent by a real worker.
"""

import json
import re
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests import services
from tests.conftest import Bake
from tests.mutations import append
from tests.production import manage, shell, trial
from tests.services import PRODUCTION, free_port, gunicorn, process, venv, wait_until
from tests.support import LEANEST, run

EMAIL = "ann@example.com"
STRANGER = "nobody@example.com"

SEND = f"""
from plinth.accounts.services import send_password_reset
send_password_reset("{EMAIL}", "https://example.com")
"""


class Sink:
    """Takes every message, once it is let."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.signed_in: list[tuple[bytes, bytes]] = []
        self.asked, self.open = Event(), Event()
        self.open.set()
        self.seconds = 0.0

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.asked.set()
        while not self.open.is_set():
            await server.loop.run_in_executor(None, self.open.wait, 0.1)
        await server.loop.run_in_executor(None, time.sleep, self.seconds)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.recipients.append(envelope.rcpt_tos)
        # The last, as tests wait for it.
        self.messages.append(message)
        return "250 Taken"

    def sign_in(self, *arguments: Any) -> AuthResult:
        *_, data = arguments
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss#", handled=False)


@contextmanager
def sink(port: int, certificate: Path | None = None) -> Iterator[Sink]:
    """An SMTP server on the port; with a certificate it wants STARTTLS and a password."""
    server = Sink()
    options: dict[str, Any] = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": server.sign_in,
        }
    controller = Controller(
        server, hostname="127.0.0.1", port=port, ready_timeout=60, **options
    )
    controller.start()
    try:
        yield server
    finally:
        server.open.set()
        controller.stop()


@pytest.fixture(scope="module")
def project(install: Bake) -> Path:
    return install()


@pytest.fixture(scope="module")
def prepared(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one account."""
    file = tmp_path_factory.mktemp("database") / "db.sqlite3"
    url = f"sqlite:///{file}"
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=url)
    code = f"""
from apps.accounts.models import User
User.objects.create_user("{EMAIL}", name="<b>Ann & Bo</b>")
"""
    shell(project, code, DATABASE_URL=url)
    return file


@pytest.fixture
def database(prepared: Path, tmp_path: Path) -> str:
    for file in prepared.parent.iterdir():  # with what SQLite has beside it
        shutil.copy(file, tmp_path)
    return f"sqlite:///{tmp_path}/{prepared.name}"


# By SMTP


def test_mail_arrives_as_text_and_html(
    project: Path, database: str, tmp_path: Path
) -> None:
    with sink(port := free_port()) as server:
        url = f"smtp://127.0.0.1:{port}"
        shell(project, SEND, DATABASE_URL=database, EMAIL_URL=url)

    [message] = server.messages
    assert server.recipients == [[EMAIL]]
    assert message["To"] == EMAIL
    assert message["From"] == "noreply@example.com"
    assert message["Subject"] == "Choose a new password for My Site"
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Date"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in message.iter_parts())
    link = r"https://example\.com/accounts/reset/\w+/[\w-]+/"
    assert {*re.findall(link, text)} == {*re.findall(link, html)} != set()
    assert "Hello <b>Ann & Bo</b>," in text
    assert "Hello &lt;b&gt;Ann &amp; Bo&lt;/b&gt;," in html


@pytest.mark.services("openssl")
def test_smtp_verifies_the_certificate_and_authenticates(
    project: Path, database: str, tmp_path: Path
) -> None:
    certificate = services.self_signed(tmp_path)
    with sink(port := free_port(), certificate) as server:
        url = f"smtp+tls://user:p%40ss%23@127.0.0.1:{port}"
        variables = {"DATABASE_URL": database, "EMAIL_URL": url}

        said = shell(project, SEND, **variables)
        assert "TransientDeliveryError: SSLCertVerificationError" in said
        assert server.signed_in == []

        wrong = variables | {"EMAIL_URL": url.replace("p%40ss", "other")}
        said = shell(project, SEND, **wrong, SSL_CERT_FILE=str(certificate))
        assert "TransientDeliveryError: SMTPAuthenticationError 535" in said
        assert server.messages == []
        assert EMAIL not in said

        shell(project, SEND, **variables, SSL_CERT_FILE=str(certificate))

    assert server.signed_in[-1] == (b"user", b"p@ss#")
    assert len(server.messages) == 1


# By a provider's API


class Provider(NamedTuple):
    url: str
    answer: object
    # What the body of the call holds.
    subject: str
    path: str


PROVIDERS = {
    "postmark": Provider(
        "postmark://token?api_url={api}",
        {
            "To": EMAIL,
            "SubmittedAt": "2026-11-22T12:00:00Z",
            "MessageID": "1",
            "ErrorCode": 0,
            "Message": "OK",
        },
        '"Subject": "Choose a new password for My Site"',
        "/email",
    ),
    "mailgun": Provider(
        "mailgun://key@mg.example.com?api_url={api}/v3",
        {"id": "<1@mg.example.com>", "message": "Queued. Thank you."},
        "subject=Choose a new password for My Site&",
        "/v3/mg.example.com/messages",
    ),
    "brevo": Provider(
        "brevo://key?api_url={api}/v3",
        {"messageId": "<1@example.com>"},
        '"subject": "Choose a new password for My Site"',
        "/v3/smtp/email",
    ),
}


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_provider_gets_the_message(
    project: Path, database: str, provider: Provider
) -> None:
    calls: list[tuple[str, bytes]] = []

    def answer(path: str, body: bytes) -> bytes:
        calls.append((path, body))
        return json.dumps(provider.answer).encode()

    with services.collector(answer) as port:
        url = provider.url.format(api=f"http://127.0.0.1:{port}")
        shell(project, SEND, DATABASE_URL=database, EMAIL_URL=url)

    [(path, body)] = calls
    assert path == provider.path
    # Mailgun takes a form, the others JSON.
    said = urllib.parse.unquote_plus(body.decode())
    for part in (provider.subject, EMAIL, "https://example.com/accounts/reset/"):
        assert part in said
    for part in ("Message-I", "auto-generated", "<table"):
        assert part in said


def test_ses_gets_the_message(project: Path, database: str, tmp_path: Path) -> None:
    with services.moto(tmp_path) as url:
        variables = {
            "DATABASE_URL": database,
            "EMAIL_URL": "ses://key:secret@eu-west-1",
            "AWS_ENDPOINT_URL": url,
        }
        # Amazon sends for those whom it has verified.
        verify = """
import boto3
ses = boto3.client("sesv2", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
ses.create_email_identity(EmailIdentity="noreply@example.com")
"""
        said = shell(project, f"{SEND}{verify}{SEND}", **variables)
        with urllib.request.urlopen(f"{url}/moto-api/data.json") as answer:
            [taken] = json.load(answer)["ses"]["RawMessage"]

    assert said.count("A mail was rejected: AnymailAPIError MessageRejected") == 1
    message = message_from_bytes(taken["raw_data"].encode(), policy=policy.default)
    assert message["To"] == EMAIL
    assert message.get_content_type() == "multipart/alternative"


# By a worker


def reset(site: str, email: str) -> float:
    """Ask for a new password on the page; return the seconds that the form took."""
    page = services.get(f"{site}/accounts/reset/")
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    form = {"email": email, "csrfmiddlewaretoken": token[1]}
    request = urllib.request.Request(
        f"{site}/accounts/reset/",
        urllib.parse.urlencode(form).encode(),
        {"Host": "example.com", "Cookie": cookie},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), services.Asis)
    began = time.perf_counter()
    with pytest.raises(urllib.error.HTTPError) as answer:
        opener.open(request, timeout=60)
    seconds = time.perf_counter() - began
    assert answer.value.headers["Location"] == "/accounts/reset/sent/"
    return seconds


@contextmanager
def worker(project: Path, log: Path, **variables: str) -> Iterator[None]:
    command = ["celery", "--app", "config.celery", "worker", "--concurrency=2"]
    env = PRODUCTION | variables
    with process(*venv(*command, of=project), cwd=project, log=log, env=env):
        yield


@pytest.fixture(scope="module")
def site_files(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with its static files, which pages need."""

    files = trial(project, tmp_path_factory.mktemp("mail"))
    # The tests reset one password many times.
    append("config/settings/production.py", 'THROTTLE = {"password-reset": {}}\n')(
        files
    )
    return files


@pytest.mark.services("redis")
def test_worker_sends_mail(
    site_files: Path,
    database: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    logs = tmp_path / "site.log", tmp_path / "worker.log"
    port = free_port()

    def said() -> str:
        return "".join(log.read_text() for log in logs)

    def looked_up() -> int:
        return len(re.findall(r"accounts\.tasks\.send_password_reset\S* succ", said()))

    with services.redis(tmp_path, free_port()) as broker:
        variables = {
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker,
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        }
        with (
            gunicorn(site_files, logs[0], **variables) as site,
            worker(site_files, logs[1], **variables),
        ):
            # Nobody takes the mail yet: the page is there, and the worker tries again.
            reset(site, EMAIL)
            wait_until(
                lambda: "TransientDeliveryError: Conn" in said() or "Retry" in said()
            )
            with sink(port) as server:
                wait_until(lambda: server.messages)
                assert server.recipients == [[EMAIL]]

                # The page does not wait for a slow server, and a worker looks up
                # whoever is asked for, so that the time tells nothing.
                server.open.clear()
                server.asked.clear()
                reset(site, EMAIL)
                assert server.asked.wait(60)
                assert len(server.messages) == 1
                server.open.set()
                wait_until(lambda: len(server.messages) == 2)

                server.seconds = 1
                times: dict[str, list[float]] = {EMAIL: [], STRANGER: []}
                for who in (EMAIL, STRANGER) * 4:
                    times[who].append(reset(site, who))
                # These, and the two before.
                wait_until(lambda: looked_up() == 10)
                wait_until(lambda: len(server.messages) == 6)
            known, unknown = (1000 * min(times[who]) for who in times)
            record_property(
                "summary",
                f"a password reset, with an SMTP server that takes 1 s: at best {known:.0f} ms "
                f"for an account, {unknown:.0f} ms without one",
            )

    assert {tuple(to) for to in server.recipients} == {(EMAIL,)}
    assert EMAIL not in said()
    assert STRANGER not in said()


@pytest.mark.services("redis")
def test_rollback_enqueues_no_mail(
    project: Path, database: str, tmp_path: Path
) -> None:
    code = f"""
from django.db import transaction
with transaction.atomic():
    {SEND.strip().replace(chr(10), chr(10) + "    ")}
    transaction.set_rollback({{}})
"""
    port = free_port()

    def keys() -> list[str]:
        return run("redis-cli", "-p", str(port), "keys", "*", cwd=tmp_path).split()

    with services.redis(tmp_path, port) as broker:
        variables = {"DATABASE_URL": database, "CELERY_BROKER_URL": broker}
        shell(project, code.format(True), **variables)
        assert keys() == []
        shell(project, code.format(False), **variables)
        assert keys()


def test_mail_is_sent_in_the_request_without_a_broker(
    project: Path, database: str
) -> None:
    with sink(port := free_port()) as server:
        variables = {
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": "redis://127.0.0.1:1",
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        }
        said = shell(project, SEND, **variables)

    assert "The broker did not accept a task" in said
    assert len(server.messages) == 1


def test_dead_mail_server_stops_no_page_and_logs_no_address(
    site_files: Path, database: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with gunicorn(site_files, log, DATABASE_URL=database) as site:
        reset(site, EMAIL)
        reset(site, STRANGER)

    assert "A mail is lost" in log.read_text()
    assert "ConnectionRefusedError" in log.read_text()
    assert EMAIL not in log.read_text()
    assert STRANGER not in log.read_text()


# What comes back


def test_bounce_suppresses_the_address(
    site_files: Path, database: str, tmp_path: Path
) -> None:
    secret = "mail:a-secret-of-the-trial"
    event = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 1, "Email": EMAIL}

    def report(site: str, credentials: str) -> int:
        request = urllib.request.Request(
            f"{site}/mail/events/postmark/",
            json.dumps(event).encode(),
            {
                "Host": "example.com",
                "Content-Type": "application/json",
                "Authorization": f"Basic {b64encode(credentials.encode()).decode()}",
            },
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(request, timeout=60).status
        except urllib.error.HTTPError as error:
            return error.code

    with sink(port := free_port()) as server:
        variables = {
            "DATABASE_URL": database,
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "MAIL_WEBHOOK_PROVIDERS": "postmark",
            "MAIL_WEBHOOK_SECRET": secret,
        }
        with gunicorn(site_files, tmp_path / "log", **variables) as site:
            assert report(site, "mail:another-secret-of-it") == 403
            reset(site, EMAIL)
            assert len(server.messages) == 1

            assert report(site, secret) == 200
            reset(site, EMAIL)
            assert len(server.messages) == 1


def test_mail_works_without_celery_and_without_a_bucket(
    install: Bake, tmp_path: Path
) -> None:
    project, url = install(**LEANEST), f"sqlite:///{tmp_path}/db.sqlite3"
    manage(project, "migrate", "--verbosity", "0", DATABASE_URL=url)
    with sink(port := free_port()) as server:
        code = f"""
from apps.accounts.models import User
User.objects.create_user("{EMAIL}")
{SEND}
"""
        shell(project, code, DATABASE_URL=url, EMAIL_URL=f"smtp://127.0.0.1:{port}")
    assert len(server.messages) == 1

    with pytest.raises(pytest.fail.Exception, match="EMAIL_URL needs"):
        shell(project, SEND, DATABASE_URL=url, EMAIL_URL="ses://eu-west-1")
