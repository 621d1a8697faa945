"""`python -m loadtest.bench.servers`: compares web servers for the container by `POST /bid`.

One process of the server runs on one core, and the client on another. Closed loops of 1 and of 32 connections run for
each server in turns. The other servers are not dependencies: install them by `pip install granian gunicorn`.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import NamedTuple

from bidder.cli.table import table
from loadtest.bench.measure import percentile
from loadtest.http_client import HttpConnection
from loadtest.requests import generate
from tools.processes import LOOPBACK, free_port

SECONDS = 4.0
ROUNDS = 3
_MODULE = "loadtest.bench.served"
_PYTHON = [sys.executable, "-m"]


def commands(port: int) -> dict[str, list[str]]:
    """The command of each server, by its name in the table."""
    where = ["--host", LOOPBACK, "--port", str(port)]
    quiet = ["--log-level", "error"]
    granian = [*_PYTHON, "granian", *where, *quiet, "--workers", "1", "--no-ws"]
    uvicorn = [*_PYTHON, "uvicorn", f"{_MODULE}:asgi", "--factory", *where, *quiet, "--lifespan", "on", "--ws", "none"]
    return {
        "uvicorn, ASGI": [*uvicorn, "--loop", "uvloop", "--http", "httptools"],
        "granian, ASGI": [*granian, "--interface", "asgi", "--factory", f"{_MODULE}:asgi"],
        "granian, WSGI, 4 threads": [*granian, "--interface", "wsgi", "--blocking-threads", "4", f"{_MODULE}:wsgi"],
        "gunicorn, gthread, 4 threads": [
            *[*_PYTHON, "gunicorn", f"{_MODULE}:wsgi", "-b", f"{LOOPBACK}:{port}", "-k", "gthread", "--threads", "4"],
            *["--keep-alive", "75", "--log-level", "error"],
        ],
    }


class Throughput(NamedTuple):
    """Requests a second, and milliseconds of an answer."""

    rate: float
    p50: float
    p99: float


@contextmanager
def run_server(command: list[str], port: int) -> Iterator[None]:
    """Runs a server on the first core during the context. Raises RuntimeError if it does not start."""
    process = subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {0}))  # noqa: S603
    try:
        deadline = time.monotonic() + 30
        while not asyncio.run(_answers(port)):
            if process.poll() is not None or time.monotonic() > deadline:
                msg = f"did not start: {' '.join(command)}"
                raise RuntimeError(msg)
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


async def _answers(port: int) -> bool:
    connection = HttpConnection(LOOPBACK, port)
    try:
        return (await connection.post("/bid", b"{}")).status == 400
    except (OSError, asyncio.IncompleteReadError):
        return False
    finally:
        connection.close()


def measured(port: int, connections: int, seconds: float = SECONDS) -> Throughput:
    """Runs closed loops of `connections` connections for `seconds` seconds."""
    rng = Random(2)  # noqa: S311 - a repeatable draw, not a secret
    bodies = [json.dumps(generate(rng).document | {"tmax": 1000}).encode() for _ in range(1000)]
    durations: list[float] = []

    async def loop(first: int, until: float) -> None:
        connection = HttpConnection(LOOPBACK, port)
        number = first
        while time.monotonic() < until:
            answer = await connection.post("/bid", bodies[number % len(bodies)])
            if answer.status == 503:
                continue
            if answer.status not in {200, 204, 400}:
                msg = f"answered {answer.status}"
                raise RuntimeError(msg)
            durations.append(answer.seconds * 1000)
            number += connections
        connection.close()

    async def all_loops() -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(*(loop(number, until) for number in range(connections)))

    asyncio.run(all_loops())
    return Throughput(len(durations) / seconds, percentile(durations, 0.5), percentile(durations, 0.99))


def main() -> int:
    os.sched_setaffinity(0, {1})
    best: dict[tuple[str, int], Throughput] = {}
    for _ in range(ROUNDS):
        port = free_port()
        for name, command in commands(port).items():
            try:
                with run_server(command, port):
                    for connections in (1, 32):
                        measured(port, connections, 1)
                        now = measured(port, connections)
                        best[name, connections] = max(best.get((name, connections), now), now)
            except RuntimeError as error:
                print(f"{name}: {error}", file=sys.stderr)
    rows = [
        (
            name,
            str(connections),
            f"{measured_server.rate:.0f}",
            f"{measured_server.p50:.2f}",
            f"{measured_server.p99:.2f}",
        )
        for (name, connections), measured_server in sorted(best.items(), key=lambda item: (item[0][1], item[0][0]))
    ]
    print(table(("server", "connections", "requests /s", "p50 ms", "p99 ms"), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
