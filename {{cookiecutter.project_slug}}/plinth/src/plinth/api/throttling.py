"""Rate limit: a counter in the cache for each client and window of time."""

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from plinth.http.throttle import client_network

# Requests and seconds; the setting API_RATES overrides it.
RATES = {"anonymous": (120, 60), "user": (600, 60)}


def hit(request: HttpRequest) -> int:
    """Count a request; return the seconds until the next is allowed, 0 if it is now.

    The client is the user or, without one, the IP address, of IPv6 the /64 network. The
    counter is atomic, in all processes where the cache is Redis; while the cache does not
    answer, every request is allowed. Around the end of a window, twice the rate passes.
    """
    user = request.user
    kind = "user" if user.is_authenticated else "anonymous"
    limit, seconds = getattr(settings, "API_RATES", RATES)[kind]
    client = user.pk if user.is_authenticated else client_network(request)
    window, passed = divmod(int(time.time()), seconds)
    key = f"api-rate:{kind}:{client}:{window}"
    cache.add(key, 0, timeout=seconds)
    try:
        count = cache.incr(key)
    except ValueError:  # evicted meanwhile
        return 0
    return seconds - passed if count and count > limit else 0
