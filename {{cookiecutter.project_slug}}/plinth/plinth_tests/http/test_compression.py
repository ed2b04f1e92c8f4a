import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import reverse

from plinth.http.compression import CompressionMiddleware

pytestmark = pytest.mark.practice(19)

TEXT = b"a sentence that repeats itself, " * 40
try:
    zstd = import_module("compression.zstd")  # from Python 3.14
except ImportError:
    zstd = import_module("backports.zstd")

DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": import_module("brotli").decompress,
    "gzip": gzip.decompress,
    "zstd": zstd.decompress,
}


def answer(
    response: HttpResponseBase, rf: RequestFactory, accept: str = "gzip"
) -> HttpResponseBase:
    def view(request: HttpRequest) -> HttpResponseBase:
        return response

    compressed = CompressionMiddleware(view)(
        rf.get("/", headers={"accept-encoding": accept})
    )
    assert isinstance(compressed, HttpResponseBase)
    return compressed


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("zstd;q=0.1, gzip;q=0.9", "gzip"),
    ],
)
def test_a_page_comes_in_the_best_coding_that_the_browser_reads(
    client: Client, accept: str, coding: str
) -> None:
    path = reverse("accounts:sign-in")
    plain = client.get(path)
    assert "Content-Encoding" not in plain.headers

    packed = client.get(path, headers={"accept-encoding": accept})

    assert packed.headers["Content-Encoding"] == coding
    assert int(packed.headers["Content-Length"]) == len(packed.content)
    assert len(packed.content) < len(plain.content) / 2
    assert b"</html>" in DECOMPRESS[coding](packed.content)
    # A cache keeps one for each, the plain one too.
    for response in (plain, packed):
        assert "accept-encoding" in response.headers["Vary"].lower()


def test_a_secret_cannot_be_guessed_from_the_length(client: Client) -> None:
    path = reverse("accounts:sign-in")

    pages = [client.get(path, headers={"accept-encoding": "gzip"}) for _ in range(9)]

    tokens = {
        token
        for page in pages
        for token in re.findall(
            r'csrfmiddlewaretoken" value="(\w+)"',
            gzip.decompress(page.content).decode(),
        )
    }
    assert len(tokens) == 9
    assert len({len(page.headers["X-Noise"]) for page in pages}) > 1


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(TEXT[:1023]),
        HttpResponse(TEXT, content_type="image/jpeg"),
        HttpResponse(TEXT, headers={"Content-Encoding": "br"}),
    ],
    ids=["small", "of a format that is compressed", "compressed already"],
)
def test_what_would_not_shrink_is_left_alone(
    rf: RequestFactory, response: HttpResponse
) -> None:
    before = response.content, response.headers.get("Content-Encoding")

    answer(response, rf)

    assert (response.content, response.headers.get("Content-Encoding")) == before


def test_an_etag_is_weak_once_the_bytes_differ(rf: RequestFactory) -> None:
    response = answer(HttpResponse(TEXT, headers={"ETag": '"1"'}), rf)

    assert response.headers["ETag"] == 'W/"1"'


def test_each_part_of_a_stream_arrives_when_it_is_sent(rf: RequestFactory) -> None:
    sent = []

    def parts() -> Iterator[bytes]:
        for part in (b"first", b"second"):
            sent.append(part)
            yield part

    response = answer(StreamingHttpResponse(parts()), rf)
    assert isinstance(response, StreamingHttpResponse)
    stream = iter(response)
    unpack = zlib.decompressobj(wbits=31)
    arrived = b""
    while not arrived:
        arrived = unpack.decompress(next(stream))

    assert (arrived, sent) == (b"first", [b"first"])
