"""Queueing model: how long requests wait at a rate, and the machines that it takes.

    .venv/bin/python -m plinth.benchmarks.queueing --rate 10000 --cpu-ms 2.8 --cpus 8

A server is a CPU, or a thread where requests wait for I/O. Requests arrive at random times
(Poisson) and queue for the next free server (M/G/c, first come, first served).
"""

import argparse
import math
import random
import sys
from collections.abc import Sequence
from heapq import heapify, heapreplace
from statistics import quantiles

# At 70 % of 8 CPUs a quarter of the requests wait; at 85 %, more than half.
UTILISATION = 0.7
REQUESTS = 50_000


def waiting(servers: int, load: float) -> float:
    """Return the share of requests that wait, by Erlang's C formula.

    `load` is the number of servers that are busy on average.
    """
    if load >= servers:
        return 1.0
    # Erlang's B formula, whose recursion does not overflow.
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def simulate(
    rate: float, times: Sequence[float], servers: int, requests: int = REQUESTS
) -> list[float]:
    """Return response times, sorted: of requests at this rate, each of which takes one of
    `times`. All are seconds; the result is the same at each call.
    """
    chance = random.Random(1)  # noqa: S311 (no secret)
    free = [0.0] * servers
    heapify(free)
    now = 0.0
    found = []
    for _ in range(requests):
        now += chance.expovariate(rate)
        end = max(now, free[0]) + chance.choice(times)
        heapreplace(free, end)
        found.append(end - now)
    return sorted(found)


def machines(rate: float, cpu_ms: float, cpus: int) -> int:
    """Return how many machines serve this rate with their CPUs 70 % busy, one of them lost."""
    return math.ceil(rate * cpu_ms / 1000 / (cpus * UTILISATION)) + 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m plinth.benchmarks.queueing")
    parser.add_argument("--rate", type=float, required=True, help="requests/s")
    parser.add_argument("--cpu-ms", type=float, required=True, help="of a request")
    parser.add_argument("--cpus", type=int, default=8, help="of a machine")
    arguments = parser.parse_args()
    number = machines(arguments.rate, arguments.cpu_ms, arguments.cpus)
    sys.stdout.write(f"{number} machines, one of them to spare.\n")
    seconds = arguments.cpu_ms / 1000
    for serving, title in ((number, "all serve"), (number - 1, "one is lost")):
        rate = arguments.rate / serving
        # The spread of times is unknown here: exponential, which is wider than most pages'.
        times = [-seconds * math.log((each + 0.5) / 1000) for each in range(1000)]
        cuts = quantiles(simulate(rate, times, arguments.cpus), n=100)
        load = rate * seconds
        sys.stdout.write(
            f"{title}: CPUs {load / arguments.cpus:.0%} busy, "
            f"{waiting(arguments.cpus, load):.0%} of requests wait; "
            f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms.\n"
        )


if __name__ == "__main__":
    main()
