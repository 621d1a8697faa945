"""`python -m loadtest.bench.ledger`: the time of the ledger function for a batch, without DynamoDB's own time.

Adds rows to build/bench.json, and prints the number of writes of a thousand events.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from time import perf_counter_ns
from typing import Any

from bidder.consumers.batch import read_batch
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from loadtest.bench.measure import BenchRow, percentile, row

BASELINE = "read events"
BATCH, ROUNDS = 100, 200
CAMPAIGNS = (1, 50)


class Counting:
    """A DynamoDB that accepts everything, and counts the written items."""

    class exceptions:  # noqa: N801  # boto3's name
        TransactionCanceledException = RuntimeError

    def __init__(self) -> None:
        self.calls = self.items = 0

    def transact_write_items(self, *, TransactItems: list[Mapping[str, Any]]) -> None:  # noqa: N803
        self.calls += 1
        self.items += len(TransactItems)


def rows() -> list[BenchRow]:
    """Reads and counts a batch of `BATCH` impressions, of one campaign and of many campaigns."""
    measured_rows: list[BenchRow] = []
    for campaigns in CAMPAIGNS:
        dynamodb = Counting()
        read, counts = [], []
        for number in range(ROUNDS):
            records = _records(number, campaigns)
            ledger = Ledger(dynamodb, "ledger")  # type: ignore[arg-type]
            started_at = perf_counter_ns()
            batch = read_batch(records, "bench")
            between = perf_counter_ns()
            ledger.record(batch.events.values())
            read.append((between - started_at) / 1000)
            counts.append((perf_counter_ns() - between) / 1000)
        measured_rows += [
            row(BASELINE, campaigns, read, BASELINE, read),
            row("ledger", campaigns, counts, BASELINE, read),
        ]
        events, both = ROUNDS * BATCH, percentile(read, 0.5) + percentile(counts, 0.5)
        print(
            f"ledger: {campaigns} campaigns, batches of {BATCH}: {dynamodb.items * 1000 / events:,.0f} items in "
            f"{dynamodb.calls * 1000 / events:,.1f} transactions a thousand events; "
            f"{BATCH * 1e6 / both:,.0f} events a second without DynamoDB's time",
            file=sys.stderr,
        )
    return measured_rows


def _records(batch: int, campaigns: int) -> list[dict[str, str]]:
    now = datetime.now(UTC)
    records = []
    for number in range(BATCH):
        event = Event(
            kind=Kind.IMPRESSION,
            bid_id=f"{batch:012x}{number:012x}",
            campaign_id=f"campaign-{number % campaigns}",
            creative_id="spot",
            bid_price_micros=5_000_000,
            price_micros=4_000_000 + number,
            bid_at=now,
            at=now,
            advertiser="shop.example",
            deal_id="deal-1" if number % 3 == 0 else None,
            zone="America/New_York",
        )
        records.append({"messageId": str(number), "body": event.model_dump_json(exclude_none=True)})
    return records


if __name__ == "__main__":
    for measured_row in rows():
        print(measured_row.record())
