"""deploy/logs: what is shipped, with which labels, and with what rights."""

import re
from functools import cache
from typing import Any

import pytest
import yaml
from django.conf import settings

LOGS = settings.BASE_DIR / "deploy/logs"
COMPOSE = settings.BASE_DIR / "deploy/compose"
if not (LOGS.exists() and COMPOSE.exists()):
    pytest.skip("no deploy/logs here", allow_module_level=True)
pytestmark = pytest.mark.practice(64)


@cache
def services(name: str) -> dict[str, dict[str, Any]]:
    text = (COMPOSE / f"{name}.yml").read_text()
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return found


@cache
def configuration() -> str:
    """The text of syslog-ng.conf, without its comments."""
    return re.sub(r"(?m)^\s*#.*\n", "", (LOGS / "syslog-ng.conf").read_text())


def block(name: str) -> str:
    [text] = re.findall(rf"(?ms)^destination {name} {{(.*?)^}};", configuration())
    return str(text)


@pytest.mark.parametrize("name", ["compose", "monitoring"])
def test_every_container_names_its_service_to_the_shipper(name: str) -> None:
    for service, found in services(name).items():
        options = found["logging"]["options"]
        assert found["logging"]["driver"] == "json-file", service
        assert options["labels"] == "com.docker.compose.service", service
        # While the receiver is down, lines wait there.
        assert {"max-size", "max-file"} <= options.keys()


def test_shipped_lines_cause_no_further_ones() -> None:
    for service, found in services("logs").items():
        assert "labels" not in found["logging"]["options"], service


def test_labels_have_few_values() -> None:
    [labels] = re.findall(r"\"stream\":{(.*?)},", block("loki"))
    assert re.findall(r'"(\w+)":"', labels) == ["service", "level"]
    # A level is one of five, whatever the line says.
    assert re.search(
        r'set\("info" value\("\.level"\) condition\(not match\('
        r'"\^\(debug\|warning\|error\|critical\)\$"',
        configuration(),
    )


@pytest.mark.parametrize("name", ["elasticsearch", "cloudwatch"])
def test_documents_have_the_id_of_the_request(name: str) -> None:
    for field in ("service", "level", "request_id", "message"):
        assert f" {field}=$" in block(name)


def test_buffer_on_disk_is_bounded_and_stops_reading_when_it_is_full() -> None:
    assert "capacity-bytes(`LOGS_BUFFER`)" in configuration()
    assert "reliable(yes)" in configuration()
    [path] = re.findall(r"(?ms)^log {(.*?)^};", configuration())
    assert "flags(flow-control);" in path
    logs = services("logs")["logs"]
    buffer = int(
        logs["environment"]["LOGS_BUFFER"].removeprefix("${LOGS_BUFFER:-")[:-1]
    )
    [window] = map(int, re.findall(r"window-bytes\((\d+)\)", configuration()))
    memory = int(logs["mem_limit"].removesuffix("m")) * 1024 * 1024
    # The window is a part of the buffer that is in memory too.
    assert 2 * window <= memory <= buffer


def test_shipper_reads_files_alone() -> None:
    logs = services("logs")["logs"]
    written = {it.split(":")[1] for it in logs["volumes"] if not it.endswith(":ro")}

    assert "docker.sock" not in str(services("logs"))
    assert "/var/lib/docker/containers:/var/lib/docker/containers:ro" in logs["volumes"]
    # Its buffer, and its numbers for node-exporter.
    assert written == {"/var/lib/syslog-ng", "/textfile"}
    for name, found in services("logs").items():
        assert found["read_only"] is True, name
        assert found["cap_drop"] == ["ALL"]
        assert found["security_opt"] == ["no-new-privileges:true"]
        assert found["mem_limit"]
        assert not found.keys() & {"ports", "privileged", "pid", "cap_add"}


def test_receiver_is_a_variable_and_its_password_a_secret() -> None:
    logs = services("logs")["logs"]
    environment = logs["environment"]

    assert environment["LOGS_TO"] == "${LOGS_TO:-loki}"
    assert environment["LOGS_URL"] == "${LOGS_URL:-http://loki:3100/loki/api/v1/push}"
    assert "LOGS_AUTHORIZATION" not in environment
    assert logs["secrets"] == ["logs_authorization"]
    assert set(re.findall(r"`(LOGS_\w+)`", configuration())) == {
        *environment,
        "LOGS_AUTHORIZATION",
    }
