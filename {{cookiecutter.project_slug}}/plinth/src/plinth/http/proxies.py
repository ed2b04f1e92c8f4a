"""Client IP and scheme from trusted proxies."""

import logging
import re
from collections.abc import Callable
from functools import lru_cache, partial
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from plinth.logs.formatters import new_request_id, request_id

logger = logging.getLogger(__name__)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ProxyHeadersMiddleware(MiddlewareMixin):
    """Take the client's IP and scheme from trusted proxies, and from no other peer.

    Each proxy appends the address of its peer to X-Forwarded-For. The last one that is not
    in TRUSTED_PROXIES is the client's: a client may have written those before it. It
    becomes REMOTE_ADDR, which is empty behind a unix socket.
    """

    # Dropped from requests of other peers.
    headers = (
        "HTTP_FORWARDED",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_X_REAL_IP",
        "HTTP_X_REQUEST_ID",
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.has_warned = False
        networks = [ip_network(network) for network in settings.TRUSTED_PROXIES]
        # Parsing takes longer than all the rest; proxies are few, and clients come back.
        self.look_up = lru_cache(maxsize=4096)(partial(look_up, networks))

    def process_request(self, request: HttpRequest) -> None:
        meta = request.META
        name = meta.get("REMOTE_ADDR", "")
        peer, is_trusted = self.look_up(name)
        # A peer without an address uses a unix socket, whose permissions make it trusted.
        if name and not is_trusted:
            if "HTTP_X_FORWARDED_PROTO" in meta and not self.has_warned:
                self.has_warned = True
                logger.warning(
                    "X-Forwarded-* of %s is ignored: is it a proxy? Name it in "
                    "TRUSTED_PROXIES.",
                    name,
                )
            for header in self.headers:
                meta.pop(header, None)
            # RequestLogMiddleware above has taken the header's.
            request_id.set(new_request_id())
            return
        for text in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            address, is_trusted = self.look_up(text)
            if not address:
                break
            peer = address
            if not is_trusted:
                break
        meta["REMOTE_ADDR"] = str(peer or "")


def look_up(networks: list[Network], text: str) -> tuple[Address | None, bool]:
    """Return an IP address, and whether it is in one of these networks."""
    address = parse_address(text)
    is_inside = address is not None and any(address in each for each in networks)
    return address, is_inside


def parse_address(text: str) -> Address | None:
    """Return an IP address, without port and IPv6 scope; None if malformed."""
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", text.strip())
    try:
        # A scope (fe80::1%eth0) may be any text, <script> too.
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 peers as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address
