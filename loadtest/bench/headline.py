"""The main result of a record: invocations under the Lambda runtime beside a no-op function, for README."""

from typing import NamedTuple

from loadtest.bench.measure import BenchRow
from loadtest.bench.record import BenchRecord, UnreadableRecord

PARTS = (("warm", "mixed"), ("first", "video"))
"""The kinds of invocations, and the workload of each."""
BEGIN, END = "<!-- made by `make bench-readme` -->", "<!-- end -->"


class Invocations(NamedTuple):
    """The rows of a kind of invocations: the no-op function's, and the bidder's by number of campaigns."""

    kind: str
    noop: BenchRow
    bids: list[BenchRow]


def invocations(record: BenchRecord) -> list[Invocations]:
    """The rows of the runtime. Raises UnreadableRecord for a run without the runtime, which needs Linux."""
    parts = []
    for kind, workload in PARTS:
        rows = [row for row in record.rows if row.workload == workload]
        noop = [row for row in rows if row.name == f"{kind} invoke, no-op"]
        bids = [row for row in rows if row.name == f"{kind} invoke"]
        if not noop or not bids:
            msg = f"the record has no {kind} invocations under the Lambda runtime: run `make bench` on Linux"
            raise UnreadableRecord(msg)
        parts.append(Invocations(kind, noop[0], bids))
    return parts


def section(record: BenchRecord) -> str:
    """The generated lines of README: the table, the machine and the revision."""
    lines = [
        "| invocation | campaigns | p50 ms | p99 ms | p50 to the no-op's | p99 to the no-op's |",
        "|---|---|---|---|---|---|",
    ]
    for kind, noop, bids in invocations(record):
        lines.append(f"| {kind}, no-op | | {_ms(noop.p50_us)} | {_ms(noop.p99_us)} | | |")
        lines += [
            f"| {kind} | {row.campaigns:,} | {_ms(row.p50_us)} | {_ms(row.p99_us)} | {row.ratio:.2f} | "
            f"{row.p99_ratio:.2f} |"
            for row in bids
        ]
    machine = record.machine
    revision = f"at revision `{record.revision}` " if record.revision else ""
    return "\n".join(
        (
            BEGIN,
            *lines,
            "",
            f"Measured on {record.at:%Y-%m-%d} {revision}on {machine.processor}, {machine.cores} cores, "
            f"{machine.memory_gb} GB, {machine.system},",
            f"Python {machine.python}.",
            END,
        )
    )


def _ms(microseconds: float) -> str:
    return f"{microseconds / 1000:.2f}" if microseconds < 10_000 else f"{microseconds / 1000:.1f}"


def with_section(readme: str, record: BenchRecord) -> str:
    """README with the lines of this record between the two marks. Raises ValueError if README has no marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        msg = f"README has no lines between {BEGIN} and {END}"
        raise ValueError(msg)
    return f"{before}{section(record)}{after}"
