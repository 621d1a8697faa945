"""`python -m loadtest.overload`: sends twice the sustainable rate to one process of the container.

The server has campaigns in memory, one core, and no AWS. First, closed loops measure the sustainable rate. Then
requests arrive at twice that rate, independent of answers, and finally at half of that rate. Exits with 1 if a decision
was answered after `tmax`, if memory exceeded its bound, or if the server did not recover immediately.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import psutil

from bidder.cli.table import table
from loadtest.bench.measure import percentile
from loadtest.bench.servers import commands, measured, run_server
from loadtest.http_client import HttpConnection
from loadtest.requests import generate
from tools.processes import LOOPBACK, free_port

TMAX_MS = 300
CONNECTIONS = 128
"""The most concurrent requests. An exchange limits its open connections, and waits for a free one."""
SECONDS = 8.0
MAX_GROWTH_MB = 64


@dataclass
class Phase:
    """The answers of a phase by status, and the milliseconds of decisions (200, 204, 400) and of 503s."""

    name: str
    rate: float
    statuses: Counter[int] = field(default_factory=Counter)
    decided: list[float] = field(default_factory=list)
    shed: list[float] = field(default_factory=list)
    unsent: int = 0

    def row(self) -> tuple[str, ...]:
        """The row of the table."""
        decided, shed = self.decided or [0.0], self.shed or [0.0]
        return (
            self.name,
            f"{self.rate:.0f}",
            str(len(self.decided)),
            str(len(self.shed)),
            str(self.unsent),
            *(f"{percentile(decided, share):.1f}" for share in (0.5, 0.99, 1.0)),
            f"{percentile(shed, 0.99):.1f}",
        )


HEADINGS = ("", "rate /s", "decided", "503", "unsent", "p50 ms", "p99 ms", "worst ms", "503 p99 ms")


async def open_loop(port: int, phase: Phase, bodies: list[bytes], seconds: float) -> None:
    """Sends requests at the phase's rate, independent of answers. A request without a free connection is skipped."""
    free = [HttpConnection(LOOPBACK, port) for _ in range(CONNECTIONS)]
    started_at, sent, tasks = time.monotonic(), 0, set[asyncio.Task[None]]()

    async def send(connection: HttpConnection, body: bytes) -> None:
        try:
            answer = await connection.post("/bid", body)
        except (OSError, asyncio.IncompleteReadError):
            phase.statuses[0] += 1
        else:
            phase.statuses[answer.status] += 1
            (phase.shed if answer.status == 503 else phase.decided).append(answer.seconds * 1000)
        free.append(connection)

    while (elapsed := time.monotonic() - started_at) < seconds:
        for _ in range(int(elapsed * phase.rate) - sent):
            sent += 1
            if not free:
                phase.unsent += 1
                continue
            task = asyncio.create_task(send(free.pop(), bodies[sent % len(bodies)]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0.001)
    await asyncio.gather(*tasks)
    for connection in free:
        connection.close()


def memory_mb(port: int) -> float:
    """The resident memory of the process that listens on the port, in MB."""
    [pid] = {
        each.pid
        for each in psutil.net_connections("tcp")
        if each.laddr and each.laddr.port == port and each.status == psutil.CONN_LISTEN and each.pid
    }
    return float(psutil.Process(pid).memory_info().rss) / 2**20


def main() -> int:
    os.sched_setaffinity(0, {1})
    rng = Random(3)  # noqa: S311 - a repeatable draw, not a secret
    bodies = [json.dumps(generate(rng).document | {"tmax": TMAX_MS}).encode() for _ in range(1000)]
    port = free_port()
    with run_server(commands(port)["uvicorn, ASGI"], port):
        measured(port, 32, 2)
        sustained = measured(port, 32).rate
        before = memory_mb(port)
        phases = [Phase("half", sustained / 2), Phase("twice", sustained * 2), Phase("half again", sustained / 2)]
        for phase in phases:
            asyncio.run(open_loop(port, phase, bodies, SECONDS if phase.name == "twice" else SECONDS / 2))
        after = memory_mb(port)
    print(f"sustained by 32 closed loops: {sustained:.0f}/s; memory {before:.0f} MB before, {after:.0f} MB after")
    print(table(HEADINGS, [phase.row() for phase in phases]))
    faults = list(_faults(phases, after - before))
    for fault in faults:
        print(f"  {fault}")
    return 1 if faults else 0


def _faults(phases: list[Phase], growth_mb: float) -> list[str]:
    _, twice, recovery = phases
    mistakes = [f"{phase.name}: {status or 'no answer'}" for phase in phases for status in phase.statuses]
    faults = [each for each in mistakes if not each.endswith(("200", "204", "400", "503"))]
    if max(twice.decided) > TMAX_MS:
        faults.append(f"twice: an answer took {max(twice.decided):.0f} ms, past the tmax of {TMAX_MS}")
    if growth_mb > MAX_GROWTH_MB:
        faults.append(f"memory grew by {growth_mb:.0f} MB")
    if recovery.shed or max(recovery.decided) > TMAX_MS:
        faults.append(
            f"half again: {len(recovery.shed)} were shed, the slowest answer took {max(recovery.decided):.0f} ms"
        )
    return faults


if __name__ == "__main__":
    sys.exit(main())
