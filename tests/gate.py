"""What an S3 server for tests does not do: look at signatures, clocks and policies.

The gate stands before such a server and refuses, with 403, an address whose signature is
not right or has run out, and a form that its policy does not allow. Requests that a client
signs in their headers pass.
"""

import hashlib
import hmac
import http.client
import json
import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

STAMP = "%Y%m%dT%H%M%SZ"


def signature(secret: str, scope: str, text: str) -> str:
    """Sign a text as Amazon does (version 4), for a day/region/service/aws4_request."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def fault_of_address(method: str, address: str, host: str, secret: str) -> str:
    """Say why an address opens nothing; an empty text if it does."""
    parts = urlsplit(address)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if "X-Amz-Signature" not in given:
        return "AccessDenied"
    signed = datetime.strptime(given["X-Amz-Date"], STAMP).replace(tzinfo=UTC)
    if datetime.now(UTC) > signed + timedelta(seconds=int(given["X-Amz-Expires"])):
        return "Request has expired"
    query = "&".join(
        sorted(
            pair
            for pair in parts.query.split("&")
            if not pair.startswith("X-Amz-Signature=")
        )
    )
    request = [method, parts.path, query, f"host:{host}\n", "host", "UNSIGNED-PAYLOAD"]
    scope = given["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", given["X-Amz-Date"], scope, digest])
    right = hmac.compare_digest(
        given["X-Amz-Signature"], signature(secret, scope, text)
    )
    return "" if right else "SignatureDoesNotMatch"


def fault_of_form(fields: dict[str, str], size: int, bucket: str, secret: str) -> str:
    """Say why a posted file is not taken; an empty text if it is."""
    if "policy" not in fields:
        return "AccessDenied"
    scope = fields["x-amz-credential"].partition("/")[2]
    if fields["x-amz-signature"] != signature(secret, scope, fields["policy"]):
        return "SignatureDoesNotMatch"
    policy = json.loads(b64decode(fields["policy"]))
    if datetime.now(UTC) > datetime.fromisoformat(policy["expiration"]):
        return "Policy expired"
    given = fields | {"bucket": bucket}
    for condition in policy["conditions"]:
        match condition:
            case ["content-length-range", least, most]:
                if not least <= size <= most:
                    return "EntityTooLarge"
            case dict():
                if any(given.get(k.lower()) != v for k, v in condition.items()):
                    return f"Policy condition failed: {condition}"
    named = {
        name.lower() for c in policy["conditions"] if isinstance(c, dict) for name in c
    }
    signing = {"policy", "x-amz-signature"}
    return "".join(f"Extra field: {name}" for name in given.keys() - named - signing)


def parse_form(content_type: str, body: bytes) -> tuple[dict[str, str], int]:
    """Return the fields of a posted form, and the size of its file."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    fields, size = {}, 0
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        found = re.search(rb'name="([^"]*)"', head)
        assert found
        if found[1] == b"file":
            size = len(value) - 2
        else:
            fields[found[1].decode().lower()] = value[:-2].decode()
    return fields, size


@contextmanager
def gate(origin: str, bucket: str, secret: str) -> Iterator[str]:
    """The address of a gate before an S3 server; pages of any site may post to it."""
    behind = urlsplit(origin).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.command == "OPTIONS":
                return self.answer(200, {}, b"")
            fault = ""
            if (
                self.headers["Content-Type"]
                and "form-data" in self.headers["Content-Type"]
            ):
                fields, size = parse_form(self.headers["Content-Type"], body)
                fault = fault_of_form(fields, size, bucket, secret)
            elif "Authorization" not in self.headers:
                fault = fault_of_address(
                    self.command, self.path, self.headers["Host"], secret
                )
            if fault:
                return self.answer(403, {}, fault.encode())
            server = http.client.HTTPConnection(behind, timeout=60)
            server.request(self.command, self.path, body, dict(self.headers))
            response = server.getresponse()
            kept = dict(response.getheaders())
            content = response.read()
            server.close()
            return self.answer(response.status, kept, content)

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            dropped = {
                "connection",
                "transfer-encoding",
                "content-length",
                "date",
                "server",
            }
            length = headers.get("Content-Length", str(len(body)))
            for name, value in headers.items():
                if not name.lower().startswith((*dropped, "access-control")):
                    self.send_header(name, value)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "*")
            self.send_header(
                "Content-Length", length if self.command == "HEAD" else str(len(body))
            )
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = handle_any

        def log_message(self, *arguments: object) -> None:
            """Say nothing: the answer says it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
