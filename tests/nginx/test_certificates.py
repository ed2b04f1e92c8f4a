"""Certificates as docs/nginx.md has them: certbot asks for one, and nginx serves with it."""

from functools import partial
from pathlib import Path

import pytest

from tests import services
from tests.conftest import Bake
from tests.production import repeated
from tests.services import RENEWAL, Answer, wait_until
from tests.support import Say, documented, refusal, run

from .visits import Browser, over_http, served


def at_home(text: str, folder: Path) -> str:
    """What is written for a whole machine, for a folder of it."""
    for whole, part in {
        "/etc/nginx/": f"{folder}/",
        "/var/www/acme": f"{folder}/acme",
        "nginx -c": f"nginx -e {folder}/log/error.log -c",
    }.items():
        text = text.replace(whole, part)
    return text


@pytest.mark.services("certbot", "nginx", "openssl", "pebble")
def test_certificate_is_issued_and_renewed_without_downtime(
    project: Path, database: str, tmp_path: Path, record_property: Say
) -> None:
    with (
        served(project, tmp_path, database) as (front, _),
        services.authority(tmp_path, front.http) as authority,
    ):
        command = documented(project / "docs/nginx.md", "certbot certonly")
        hook = tmp_path / "site/certificate.sh"
        hook.write_text(at_home(hook.read_text(), tmp_path))
        # On a machine it is not there before somebody makes it.
        (tmp_path / "acme").rmdir()
        assert not authority.serial(front.https)

        def ask() -> Answer:
            # By a connection of its own, so that it meets the certificate of the moment.
            return Browser(front).ask("/robots.txt", Connection="close")

        certbot = partial(run, cwd=tmp_path, env=authority.env)
        with repeated(ask, clients=4) as seen:
            certbot("sh", "-euc", at_home(command, tmp_path))
            wait_until(lambda: authority.serial(front.https))
            first = authority.serial(front.https)
            certbot(*RENEWAL)
            wait_until(lambda: authority.serial(front.https) != first)

        # All else is sent to https.
        assert over_http(front, "/.well-known/acme-challenge/other").status == 404
        assert over_http(front, "/.well-known/security.txt").status == 301

    record_property("summary", f"a certificate, and its renewal: {seen}")
    assert len(seen) > 20
    assert not seen.failed
    assert (tmp_path / "tls/privkey.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("folder", ["nginx", "compose"])
def test_renewal_hook_needs_certbots_variables(bake: Bake, folder: str) -> None:
    [line] = refusal("./certificate.sh", cwd=bake() / "deploy" / folder)

    assert line.endswith("RENEWED_LINEAGE: is set by certbot, which runs this script")
