"""Locust users, one class for each journey: `locust -f`, or in rounds for the load test.

Importing it patches the standard library (gevent), so it runs in a process of its own.
"""

import json
import os
import random
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import django
import gevent
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser, between, task
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

django.setup()

from plinth.benchmarks import servers  # noqa: E402
from plinth.benchmarks.journeys import (  # noqa: E402
    Journey,
    JourneyError,
    all_journeys,
    sign_in,
)

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
# Connections of a run with random arrivals: more than requests in flight.
CONNECTIONS = 200
BARE = "/calibration/"


class Step(NamedTuple):
    """A request. `base` is that of the calibration page right before it, if it was asked."""

    name: str
    ms: float
    base: float
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
        self.calibrate: Callable[[], float] = float

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
        base = self.calibrate()
        with self.client.request(
            *(method, path, step),
            allow_redirects=False,
            catch_response=True,
            **options,
        ) as response:
            met, ms = response.status_code, response.request_meta["response_time"]
            error = "" if met == status else f"{step}: status {met}, not {status}"
            self.steps.append(Step(step, ms, base, error))
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

    @task  # type: ignore[untyped-decorator]
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


def block(users: list[JourneyUser], seconds: float) -> tuple[list[list[Step]], float]:
    """Let users make their journey without pauses; return their steps, and the seconds."""
    done: list[list[Step]] = []
    begin = time.perf_counter()

    def visit(user: JourneyUser) -> None:
        while time.perf_counter() < begin + seconds:
            user.make()
            done.append(user.visitor.steps)

    gevent.joinall([gevent.spawn(visit, user) for user in users], raise_error=True)
    return done, time.perf_counter() - begin


def throughput(users: list[JourneyUser], seconds: float, server: int) -> dict[str, Any]:
    """Return what all users get at a time; CPU time is that of the server's processes."""
    cpu = servers.cpu_seconds(server)
    done, elapsed = block(users, seconds)
    cpu = servers.cpu_seconds(server) - cpu
    steps = [step for each in done for step in each]
    return {
        "rate": len(steps) / elapsed,
        "cpu_ms": cpu / len(steps) * 1000,
        "requests": len(steps),
        "errors": [step.error for step in steps if step.error],
    }


def arrivals(host: str, rate: float, seconds: float) -> list[float]:
    """Request the calibration page at random times; return milliseconds, sorted.

    Unlike users, who wait for a response, arrivals don't slow down with the server.
    """
    pool = HTTPClientPool(concurrency=CONNECTIONS)
    session = FastHttpSession(
        host, Environment().events.request, None, client_pool=pool
    )
    chance = random.Random(1)  # noqa: S311 (no secret)
    times: list[float] = []

    def request(due: float) -> None:
        session.get(BARE, headers=servers.BEHIND_PROXY).raise_for_status()
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
    """Run each journey in turn, with one user and with many; return what was seen.

    One user requests the calibration page before each request of the journey, so whatever
    else the machine does slows both.
    """
    environment = Environment()

    def start(journey: Journey, server: str) -> list[JourneyUser]:
        options = {"host": run[server]["url"], "default_headers": servers.BEHIND_PROXY}
        kind = user_class(journey, **options)
        users = [kind(environment) for _ in range(run["users"])]
        for user in users:
            user.on_start()
            user.make()
        return users

    bare = start(Journey("Calibration", lambda it: it.get(BARE, "bare")), "bare")

    def calibrate() -> float:
        bare[0].make()
        return float(bare[0].visitor.steps[0].ms)

    wanted = [each for each in all_journeys() if each.name in run["journeys"]]
    journeys = {journey.name: start(journey, "site") for journey in wanted}
    found: dict[str, dict[str, list[Any]]] = {
        name: {"one": [], "many": [], "bare": []} for name in journeys
    }
    seconds = run["seconds"]
    for number in range(run["rounds"]):
        # Every other round in reverse order, so that no journey is always the first.
        for name in [*journeys] if number % 2 else [*reversed(journeys)]:
            seen, users = found[name], journeys[name]
            users[0].visitor.calibrate = calibrate
            seen["one"] += block(users[:1], seconds)[0]
            users[0].visitor.calibrate = float
            seen["bare"].append(throughput(bare, seconds / 2, run["bare"]["pid"]))
            seen["many"].append(throughput(users, seconds / 2, run["site"]["pid"]))
    capacity = median(each["rate"] for seen in found.values() for each in seen["bare"])
    rate = run["utilisation"] * capacity
    times = arrivals(run["bare"]["url"], rate, run["rounds"] * seconds)
    return {"journeys": found, "capacity": capacity, "rate": rate, "times": times}


if __name__ == "__main__":
    print(json.dumps(rounds(json.loads(sys.argv[1]))))  # noqa: T201
else:
    # Of these, `locust` starts users.
    writes = "LOAD_WRITES" in os.environ
    for each in all_journeys():
        if each.is_safe or writes:
            globals()[each.name] = user_class(each)
