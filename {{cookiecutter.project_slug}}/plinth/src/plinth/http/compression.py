from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django_http_compression.middleware import HttpCompressionMiddleware


class CompressionMiddleware(HttpCompressionMiddleware):
    """Compress answers of a kilobyte and more, and streams, as the browser can read.

    A page that repeats what somebody sent beside a secret can be guessed from its length
    (BREACH): a header of random length hides that, and Django masks the CSRF token.
    """

    # Bytes; less than that goes in one packet anyway.
    smallest = 1024

    def maybe_compress(self, request: HttpRequest, response: HttpResponseBase) -> None:
        if isinstance(response, HttpResponse) and len(response.content) < self.smallest:
            return
        # For the plain answer too, or a cache would keep that for everybody.
        patch_vary_headers(response, ["Accept-Encoding"])
        super().maybe_compress(request, response)
