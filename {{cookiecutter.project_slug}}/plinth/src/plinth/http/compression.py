"""Response compression: zstd, brotli or gzip."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django_http_compression.middleware import HttpCompressionMiddleware


class CompressionMiddleware(HttpCompressionMiddleware):
    """Compress responses of `smallest` bytes and more, and streams.

    Against BREACH, which guesses a secret from the length of a page that repeats user
    input, a header has random length, and Django masks the CSRF token.
    """

    # Bytes; less fits into one packet anyway.
    smallest = 1024

    def maybe_compress(self, request: HttpRequest, response: HttpResponseBase) -> None:
        if isinstance(response, HttpResponse) and len(response.content) < self.smallest:
            return
        # On the uncompressed response too, or a cache would serve that to all clients.
        patch_vary_headers(response, ["Accept-Encoding"])
        super().maybe_compress(request, response)
