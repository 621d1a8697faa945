"""`make status`: prints the state of a stack as a table or as JSON."""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from bidder.cli.table import table
from bidder.money import ACCOUNT_CURRENCY, MICROS
from tools.stack_state import Alarms, NoStack, StackSnapshot, StackStatus, status


def lines(now: StackStatus) -> Iterator[str]:
    """The state as text: a table, then active alarms, then queues with messages."""
    yield table(("", ""), _rows(now), left_aligned=2).strip("\n")
    if now.alarms.ringing:
        yield "\nActive alarms; docs/operations.md describes each:"
        yield table(
            ("alarm", "since", "why"), ((a.name, _clock(a.since), a.reason) for a in now.alarms.ringing), left_aligned=3
        )
    yield ""
    yield table(
        ("queue", "waiting", "in flight", "dead letters"),
        ((q.name, str(q.waiting), str(q.in_flight), "" if q.dead is None else str(q.dead)) for q in now.queues),
    )


def _rows(now: StackStatus) -> Iterator[tuple[str, str]]:
    yield "stack", f"{now.stack}, {now.state}, changed {_clock(now.changed)}"
    yield "address", now.url or "none"
    yield "version", f"{now.version}; kept to go back to: {', '.join(map(str, now.kept)) or 'none'}"
    yield "traffic", ", ".join(f"{share:.0%} to version {version}" for version, share in now.traffic.items())
    yield "bidding", _bidding(now.snapshot)
    yield "snapshot", _snapshot(now.snapshot)
    yield "last refresh", _clock(now.snapshot.at if now.snapshot else None)
    yield "alarms", _alarms(now.alarms)
    yield "spend today", f"{now.spend_micros / MICROS:,.2f} {ACCOUNT_CURRENCY}, {now.campaigns} campaigns"


def _bidding(snapshot: StackSnapshot | None) -> str:
    if snapshot is None:
        return "no: no snapshot is published"
    return "STOPPED by an operator or an alarm; `bidder go` ends it" if snapshot.stopped else "on"


def _snapshot(snapshot: StackSnapshot | None) -> str:
    if snapshot is None:
        return "none"
    age = "age unknown" if snapshot.age_seconds is None else f"{snapshot.age_seconds:.0f} s old"
    pin = f", pinned to {snapshot.pinned}" if snapshot.pinned else ""
    return f"version {snapshot.version}, {age}, {snapshot.bidding} of {snapshot.campaigns} campaigns may bid{pin}"


def _alarms(alarms: Alarms) -> str:
    return f"{len(alarms.ringing)} ring, {alarms.ok} are quiet, {alarms.without_data} have no data"


def _clock(at: datetime | None) -> str:
    return "never" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def main() -> int:
    """Prints the status. Returns 0, or 1 if the stack can't be read."""
    parser = argparse.ArgumentParser(prog="make status", description=__doc__)
    parser.add_argument("--stack", default="bidder")
    parser.add_argument("--json", action="store_true", dest="as_json", help="for programs; amounts in micros")
    arguments = parser.parse_args()
    try:
        now = status(boto3.Session(), arguments.stack, datetime.now(UTC))
    except (BotoCoreError, ClientError, NoStack) as error:
        print(
            f"{error}\nSet AWS_PROFILE and AWS_REGION; the local AWS: env $(cat .local/env) make status",
            file=sys.stderr,
        )
        return 1
    if arguments.as_json:
        print(json.dumps(now.document(), indent=2, default=str))
    else:
        print("\n".join(lines(now)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
