"""Client IP and scheme from trusted proxies."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

Address = IPv4Address | IPv6Address


class ProxyHeadersMiddleware(MiddlewareMixin):
    """Take the visitor's address and scheme from the proxies in front, and nobody else.

    Of the addresses in X-Forwarded-For, each added by who received it, the last one that
    is none of TRUSTED_PROXIES is the visitor's: what stands before it, anybody may have
    written. It becomes REMOTE_ADDR, which is empty behind a unix socket.
    """

    headers = (
        "HTTP_FORWARDED",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_REAL_IP",
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.networks = [ip_network(network) for network in settings.TRUSTED_PROXIES]

    def process_request(self, request: HttpRequest) -> None:
        meta = request.META
        peer = parse_address(meta.get("REMOTE_ADDR", ""))
        # Only who may open a unix socket, which has no address, comes over it.
        if peer and not self.trusts(peer):
            for header in self.headers:
                meta.pop(header, None)
            return
        for said in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            address = parse_address(said)
            if not address:
                break
            peer = address
            if not self.trusts(address):
                break
        meta["REMOTE_ADDR"] = str(peer or "")

    def trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def parse_address(text: str) -> Address | None:
    """Return an address, which may have a port behind it; None if it is none."""
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", text.strip())
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    # How a socket for both kinds shows one of the old.
    return getattr(address, "ipv4_mapped", None) or address
