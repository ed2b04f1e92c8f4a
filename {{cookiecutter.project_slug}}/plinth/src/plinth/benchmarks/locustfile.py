"""Locust users, one class for each journey: `locust -f`, or in rounds for the load test.

Importing it patches the standard library (gevent), so it runs in a process of its own.
"""

import json
import os
import random
import re
import sys
import time
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from statistics import median, quantiles
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import django
import gevent
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser, between, task
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

django.setup()

from plinth.benchmarks import servers
from plinth.benchmarks.journeys import Journey, JourneyError, all_journeys, sign_in

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
# Iterations in a block at least, however slow the journey is.
LEAST = 10
# Connections of a run with random arrivals: more than requests in flight.
CONNECTIONS = 200


BARE = "/calibration/"


class Step(NamedTuple):
    name: str
    ms: float
    error: str


class LocustVisitor:
    """A journey's client: locust's, with a CSRF token and a status to expect."""

    def __init__(self, client: Any, account: int, *, may_write: bool) -> None:
        # Production's cookies are for https, which ends at nginx.
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))
        client.cookiejar.set_policy(policy)
        self.client = client
        self.may_write = may_write
        self.email = os.environ.get("LOAD_EMAIL", f"load-{account}@example.com")
        self.password = os.environ.get("LOAD_PASSWORD", "")
        self.origin = f"https://{urlsplit(client.base_url).netloc}"
        self.token = ""
        self.steps: list[Step] = []

    def get(self, path: str, step: str, status: int = 200) -> str:
        return self.request("GET", path, step, status)

    def post(
        self, path: str, step: str, fields: dict[str, str], status: int = 302
    ) -> str:
        if not self.may_write:
            raise JourneyError(f"{step}: a journey that sends forms needs writes=True")
        fields = fields | {"csrfmiddlewaretoken": self.token}
        form = "application/x-www-form-urlencoded"
        headers = {"Origin": self.origin, "Content-Type": form}
        data = urlencode(fields)
        return self.request("POST", path, step, status, data=data, headers=headers)

    def request(
        self, method: str, path: str, step: str, status: int, **options: Any
    ) -> str:
        with self.client.request(
            *(method, path, step),
            allow_redirects=False,
            catch_response=True,
            **options,
        ) as response:
            met, ms = response.status_code, response.request_meta["response_time"]
            error = "" if met == status else f"{step}: status {met}, not {status}"
            self.steps.append(Step(step, ms, error))
            if error:
                response.failure(error)
                raise JourneyError(error)
            response.success()
        text: str = response.text or ""
        if found := TOKEN.search(text):
            self.token = found[1]
        return text


class JourneyUser(FastHttpUser):  # type: ignore[misc]
    """A visitor who makes one journey again and again."""

    abstract = True
    wait_time = between(1, 5)
    journey: Journey
    numbers: "count[int]"

    def on_start(self) -> None:
        journey = self.journey
        self.visitor = LocustVisitor(
            self.client, next(self.numbers), may_write=not journey.is_safe
        )
        if journey.signed_in:
            sign_in(self.visitor)

    @task
    def make(self) -> None:
        if not self.journey.signed_in:
            self.client.cookiejar.clear()
        self.visitor.steps = []
        # The request is reported as failed already.
        with suppress(JourneyError):
            self.journey.run(self.visitor)


def user_class(journey: Journey, **attributes: Any) -> Any:
    name = re.sub(r"\W", "", journey.name.title())
    own = {"journey": journey, "weight": journey.weight, "numbers": count()}
    return type(name, (JourneyUser,), own | attributes)


def block(users: list[JourneyUser], seconds: float, server: int) -> dict[str, Any]:
    """Let users make their journey without pauses; return what they saw.

    Times are milliseconds of whole journeys, of which `steps` are the requests. CPU time is
    that of a server's process and its children, for each request.
    """
    done: list[list[Step]] = []
    begin = time.perf_counter()
    cpu = servers.cpu_seconds(server)

    def visit(user: JourneyUser) -> None:
        while time.perf_counter() < begin + seconds or len(done) < LEAST:
            user.make()
            done.append(user.visitor.steps)

    gevent.joinall([gevent.spawn(visit, user) for user in users], raise_error=True)
    elapsed = time.perf_counter() - begin
    cpu = servers.cpu_seconds(server) - cpu
    every = [step for steps in done for step in steps]
    whole = [sum(step.ms for step in steps) for steps in done]
    steps: dict[str, list[float]] = {}
    for step in every:
        steps.setdefault(step.name, []).append(step.ms)
    cuts = quantiles(whole, n=100)
    return {
        **{f"p{number}": cuts[number - 1] for number in (50, 95, 99)},
        "steps": {name: median(times) for name, times in steps.items()},
        "rate": len(every) / elapsed,
        "requests": len(every),
        "errors": [step.error for step in every if step.error],
        "cpu_ms": cpu / len(every) * 1000,
    }


def arrivals(host: str, rate: float, seconds: float) -> list[float]:
    """Request the calibration page at random times; return milliseconds, sorted.

    Unlike users, who wait for a response, arrivals don't slow down with the server.
    """
    pool = HTTPClientPool(concurrency=CONNECTIONS)
    session = FastHttpSession(host, Environment().events.request, None, client_pool=pool)
    chance = random.Random(1)  # noqa: S311 (no secret)
    times: list[float] = []

    def request(due: float) -> None:
        session.get(BARE, headers=servers.BEHIND_PROXY)
        times.append((time.perf_counter() - due) * 1000)

    due = time.perf_counter()
    end = due + seconds
    running = []
    while due < end:
        due += chance.expovariate(rate)
        gevent.sleep(max(0, due - time.perf_counter()))
        running.append(gevent.spawn(request, due))
    gevent.joinall(running, raise_error=True)
    return sorted(times)


def rounds(run: dict[str, Any]) -> dict[str, Any]:
    """Measure each journey next to the calibration page, with one user and with many."""
    bare = Journey("Calibration", lambda visitor: visitor.get(BARE, "bare"))
    chosen = [each for each in all_journeys() if run["only"] in each.name.lower()]
    environment = Environment()

    def start(journey: Journey, host: str) -> list[JourneyUser]:
        options = {"host": host, "default_headers": servers.BEHIND_PROXY}
        users = [user_class(journey, **options)(environment)]
        users += [type(users[0])(environment) for _ in range(run["users"] - 1)]
        for user in users:
            user.on_start()
            user.make()
        return users

    calibration = start(bare, run["bare"]["url"])
    journeys = {each.name: start(each, run["site"]["url"]) for each in chosen}
    found: dict[str, list[Any]] = {name: [] for name in journeys}
    for number in range(run["rounds"]):
        names = [*journeys] if number % 2 else [*reversed(journeys)]
        for name in names:
            found[name].append({
                load: {
                    "base": block(calibration[:users], run["seconds"], run["bare"]["pid"]),
                    "own": block(journeys[name][:users], run["seconds"], run["site"]["pid"]),
                }
                for load, users in (("one", 1), ("many", run["users"]))
            })
    return found


if __name__ == "__main__":
    print(json.dumps(rounds(json.loads(sys.argv[1]))))  # noqa: T201
else:
    # Of these, `locust` starts users.
    writes = "LOAD_WRITES" in os.environ
    for each in all_journeys():
        if each.is_safe or writes:
            globals()[each.name] = user_class(each)
