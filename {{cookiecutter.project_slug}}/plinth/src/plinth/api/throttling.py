"""Rate limit of the API, for each client."""

from django.conf import settings
from django.http import HttpRequest

from plinth.http.throttle import client_network, count

# Requests and seconds; the setting API_RATES overrides it.
RATES = {"anonymous": (120, 60), "user": (600, 60)}


def hit(request: HttpRequest) -> int:
    """Count a request; return the seconds until the next is allowed, 0 if it is now.

    The client is the user or, without one, the IP address, of IPv6 the /64 network. While
    the cache does not answer, every request is allowed.
    """
    user = request.user
    kind = "user" if user.is_authenticated else "anonymous"
    limit, seconds = getattr(settings, "API_RATES", RATES)[kind]
    client = user.pk if user.is_authenticated else client_network(request)
    return count(f"api-rate:{kind}:{client}", limit, seconds)[1]
