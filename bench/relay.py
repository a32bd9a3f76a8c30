"""How fast the relay hands notices on to a sink on this machine, and whether each arrives once.

    .venv/bin/python bench/relay.py [--notices 2000] [--relays 1]

Each notice goes to an inbox and by HTTP to another system, which a second process plays. On a
PostgreSQL of its own that is thrown away. Ends with 1 when a goal fails: 200 notices a second, none
lost, none twice.
"""

import argparse
import multiprocessing
import os
import sys
import threading
import time
from collections import Counter

from pages import database

GOAL = 200


def prepare(robots, count: int) -> None:  # type: ignore[no-untyped-def]
    """A house whose webhook takes everything, and ``count`` notices that wait."""
    from django.conf import settings
    from django.urls import reverse

    from propdesk.core.channels import adapters
    from tests.core.channels.rows import flood, house, robot_of

    adapters.SCHEMES = frozenset({"http"})
    settings.PROPDESK_WEBHOOK_HOSTS = [robots.place]
    settings.PROPDESK_PUBLIC_URL = "https://desk.example.org"
    reverse("desk:notices", args=["bench"])  # a worker reads the addresses once in its life
    prop = house()
    robot_of(robots, prop, "webhook", per_minute=60_000)
    flood(prop, count)


def work() -> None:
    """One relay, until nothing waits."""
    from django.db import connection
    from django.utils import timezone

    from propdesk.core.channels import relay
    from propdesk.core.models import Delivery

    while Delivery.objects.filter(state="pending").exists():
        relay.deliver(timezone.now())
    connection.close()


def sink(pipe) -> None:  # type: ignore[no-untyped-def]
    """Another system: tells where it is, takes messages until told to stop, says what it got."""
    from tests.core.channels.fakes import fake_robots

    with fake_robots() as robots:
        pipe.send(robots.place)
        pipe.recv()
        pipe.send([one.data["id"] for one in robots.got])


def measure(count: int, relays: int) -> bool:
    """Print the figures; whether the goals hold."""
    from django.db import connections

    from tests.core.channels.fakes import Sink

    connections.close_all()  # none is shared with the child
    here, there = multiprocessing.Pipe()
    other = multiprocessing.get_context("fork").Process(target=sink, args=(there,))
    other.start()
    prepare(Sink(here.recv()), count)
    threads = [threading.Thread(target=work) for _each in range(relays)]
    began, spent = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, cpu = time.monotonic() - began, time.process_time() - spent
    here.send("stop")
    arrived = Counter(here.recv())
    other.join()
    twice = sum(arrived.values()) - len(arrived)
    rate = count / took
    print(f"{count:,} notices, {relays} relays: {took:.2f} s, {rate:,.0f} a second")
    print(f"{cpu / count * 1000:.2f} ms of CPU each; load {os.getloadavg()[0]:.1f}")
    print(f"lost {count - len(arrived)}, twice {twice}")
    return rate >= GOAL and len(arrived) == count and twice == 0


def main() -> int:
    """Print the figures; 0 when the goals hold."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--notices", type=int, default=2_000)
    options.add_argument("--relays", type=int, default=1)
    given = options.parse_args()
    with database():
        from django.db import connection

        fits = measure(given.notices, given.relays)
        connection.close()
    print("goals hold" if fits else "A GOAL FAILS")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
