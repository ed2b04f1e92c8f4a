"""Response compression."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

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


def compress(response: HttpResponseBase, rf: RequestFactory) -> HttpResponseBase:
    def view(request: HttpRequest) -> HttpResponseBase:
        return response

    compressed = CompressionMiddleware(view)(
        rf.get("/", headers={"accept-encoding": "gzip"})
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
def test_page_has_the_best_coding_that_the_client_accepts(
    site: Client, accept: str, coding: str
) -> None:
    plain = site.get("/form/")
    assert "Content-Encoding" not in plain.headers

    packed = site.get("/form/", headers={"accept-encoding": accept})

    assert packed.headers["Content-Encoding"] == coding
    assert int(packed.headers["Content-Length"]) == len(packed.content)
    assert len(packed.content) < len(plain.content) / 2
    assert b"</html>" in DECOMPRESS[coding](packed.content)
    # A cache stores one for each coding, the uncompressed one too.
    for response in (plain, packed):
        assert "accept-encoding" in response.headers["Vary"].lower()


def test_length_does_not_reveal_a_secret(site: Client) -> None:
    pages = [site.get("/form/", headers={"accept-encoding": "gzip"}) for _ in range(9)]

    tokens = {
        re.findall(r"\w{64}", gzip.decompress(page.content).decode())[0]
        for page in pages
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
    ids=["small", "of a compressed format", "compressed"],
)
def test_response_that_would_not_shrink_is_unchanged(
    rf: RequestFactory, response: HttpResponse
) -> None:
    before = response.content, response.headers.get("Content-Encoding")

    compress(response, rf)

    assert (response.content, response.headers.get("Content-Encoding")) == before


def test_etag_of_a_compressed_response_is_weak(rf: RequestFactory) -> None:
    response = compress(HttpResponse(TEXT, headers={"ETag": '"1"'}), rf)

    assert response.headers["ETag"] == 'W/"1"'


def test_each_part_of_a_stream_is_flushed(rf: RequestFactory) -> None:
    sent = []

    def parts() -> Iterator[bytes]:
        for part in (b"first", b"second"):
            sent.append(part)
            yield part

    response = compress(StreamingHttpResponse(parts()), rf)
    assert isinstance(response, StreamingHttpResponse)
    stream = iter(response)
    decompressor = zlib.decompressobj(wbits=31)
    arrived = b""
    while not arrived:
        arrived = decompressor.decompress(next(stream))

    assert (arrived, sent) == (b"first", [b"first"])
