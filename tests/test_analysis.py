"""`make audit` with pip-audit, `make sonar` with pysonar: the tools, and stubs of servers."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.services import free_port
from tests.support import clean_environment, copy_of

VULNERABILITY = {
    "id": "PYSEC-0-1",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "redis"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        }
    ],
}


class Server(BaseHTTPRequestHandler):
    """OSV, for which one package is vulnerable, and SonarQube."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = asked["package"]["name"] == "redis"
        self.answer(json.dumps({"vulns": [VULNERABILITY]} if found else {}))

    def do_GET(self) -> None:
        self.answer("2026.1.0.1" if self.path == "/api/v2/analysis/version" else "")

    def answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def project(install: Bake, tmp_path: Path) -> Path:
    return copy_of(install(), tmp_path)


def make(project: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Return make's code and its output, of which the last line is make's own."""
    done = subprocess.run(
        ["make", "--silent", *arguments],
        cwd=project,
        env=clean_environment() | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


def test_audit_finds_what_the_service_knows(project: Path, server: str) -> None:
    service = f"--vulnerability-service osv --osv-url {server}/v1/query"

    code, output = make(project, "audit", f"ARGS={service}")
    assert code
    assert "Found 1 known vulnerability in 1 package" in output
    assert "PYSEC-0-1" in output

    code, output = make(
        project, "audit", f"ARGS={service} --ignore-vuln {VULNERABILITY['id']}"
    )
    assert code == 0, output
    assert "No known vulnerabilities found, 1 ignored" in output


def test_audit_without_an_answer_fails_with_one_line(project: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1/query"

    code, output = make(
        project, "audit", f"ARGS=--vulnerability-service osv --osv-url {url}"
    )

    line, *rest = output.splitlines()
    assert code
    assert line.startswith("Nothing was audited: ")
    assert "127.0.0.1" in line
    assert all(line.startswith("make: ***") for line in rest)


def test_sonar_sends_the_properties_of_the_project(
    project: Path, server: str, tmp_path: Path
) -> None:
    """The scanner is SonarQube's in Java: here, a program that keeps its input."""
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\ncat >{tmp_path}/properties\n")
    java.chmod(0o755)
    (tmp_path / "engine.jar").touch()

    code, output = make(
        project,
        "sonar",
        SONAR_TOKEN="a-token",
        SONAR_HOST_URL=server,
        SONAR_SCANNER_JAVA_EXE_PATH=str(java),
        SONAR_SCANNER_ENGINE_JAR_PATH=str(tmp_path / "engine.jar"),
    )

    assert code == 0, output
    sent = json.loads((tmp_path / "properties").read_text())["scannerProperties"]
    properties = {each["key"]: each["value"] for each in sent}
    assert properties["sonar.projectKey"] == project.name
    assert properties["sonar.projectName"] == "my_site-site"
    assert properties["sonar.sources"] == "apps,config,static,templates"
    assert properties["sonar.qualitygate.wait"] is True
    assert properties["sonar.host.url"] == server
