"""`python -m loadtest.bench.ledger_aws`: the ledger's handler against a local DynamoDB, and its load on a real one.

The events a second include MiniStack's own time, which does not compare with DynamoDB's. Calls and write units do not
depend on it. A transaction costs two units for each KB of each item, and any other write one unit for each KB. A
partition allows 1,000 units a second.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bidder.cli.table import table
from bidder.consumers.ledger import count_spend
from bidder.events.bounded_sets import BoundedSets
from bidder.events.event import Event
from bidder.events.ivt_filter import IvtFilter
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from tests.support.service import service
from tools.ministack import MiniStack
from tools.processes import free_port

TABLE, BATCH, ROUNDS, A_SECOND, PARTITION = "ledger", 100, 20, 1000, 1000
SIZES = (100, 45, 10, 4)
"""Numbers of events in a call. The number that SQS delivers depends on the number of concurrent invocations."""

Key = tuple[str, str]


class Watched:
    """A client that counts its calls and the writes of each item. Writes in a transaction count twice."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.exceptions = client.exceptions
        self.calls: Counter[str] = Counter()
        self.writes: Counter[tuple[Key, int]] = Counter()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            self.calls[name] += 1
            for key, cost in _written(parameters):
                self.writes[key, cost] += 1
            return getattr(self._client, name)(**parameters)

        return call


def main() -> None:
    """Prints a table for one campaign and for fifty."""
    with TemporaryDirectory() as folder:
        aws = MiniStack(Path(folder), free_port())
        aws.start()
        try:
            client = aws.session().client("dynamodb")
            client.create_table(
                TableName=TABLE,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            )
            for campaigns in (1, 50):
                _measure(client, campaigns)
        finally:
            aws.stop()


def _measure(client: Any, campaigns: int) -> None:
    counting_client: Any = Watched(client)
    process = service(
        None,
        ledger=Ledger(counting_client, TABLE),
        ivt_filter=IvtFilter(BoundedSets(counting_client, TABLE), at_once=8),
    )
    rng = Random(26)  # noqa: S311 - a repeatable draw, not a secret
    batches = [_batch(rng, number, campaigns) for number in range(ROUNDS)]
    started_at = perf_counter()
    for batch in batches:
        if count_spend(process, batch)["batchItemFailures"]:
            msg = "some events were not counted, so the measurement is invalid"
            raise RuntimeError(msg)
    seconds = perf_counter() - started_at
    events = ROUNDS * BATCH
    print(f"\n{campaigns} campaigns, batches of {BATCH}:")
    print(f"{events / seconds:,.0f} events a second, with MiniStack's own time")
    print(f"calls a thousand events: {_listed(counting_client.calls, events)}")
    sizes = {key: _size(client.get_item(TableName=TABLE, Key=_key(*key))["Item"]) for key, _ in counting_client.writes}
    units: Counter[str] = Counter()
    for (key, cost), number in counting_client.writes.items():
        units[_kind(key)] += number * cost * _kilobytes(sizes[key])
    print(f"write units a thousand events: {_listed(units, events)}")
    if campaigns == 1:
        print(_of_a_campaign(sizes))


def _listed(numbers: Mapping[str, int], events: int) -> str:
    return ", ".join(f"{number * 1000 / events:,.0f} {name}" for name, number in numbers.items())


def _of_a_campaign(sizes: Mapping[Key, int]) -> str:
    """The write units of one campaign's counters at `A_SECOND` events. They may share one partition."""
    counters = {key: size for key, size in sizes.items() if key[0].startswith("spend#")}
    largest = ", ".join(f"{sk} {size:,} bytes" for (_, sk), size in counters.items())
    rows = []
    for size in SIZES:
        transactions = A_SECOND / size * -(-size // 45)
        units = transactions * sum(2 * _kilobytes(size) for size in counters.values())
        rows.append((str(size), f"{transactions:,.0f}", f"{units:,.0f}", f"{units / PARTITION:.0%}"))
    head = ("events a call", "transactions a second", "write units a second", "of a partition")
    return f"{A_SECOND:,} events a second of one campaign ({largest}):\n{table(head, rows)}"


def _written(parameters: Mapping[str, Any]) -> Iterable[tuple[Key, int]]:
    if "TransactItems" not in parameters:
        yield (parameters["Key"]["pk"]["S"], parameters["Key"]["sk"]["S"]), 1
        return
    for item in parameters["TransactItems"]:
        [operation] = item.values()
        key = operation.get("Item") or operation["Key"]
        yield (key["pk"]["S"], key["sk"]["S"]), 2


def _kind(key: Key) -> str:
    pk, sk = key
    return "counters" if pk.startswith("spend#") else "markers" if sk == "billed" else "judging"


def _key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item in bytes, about as DynamoDB counts it: names, strings, and half a byte a digit."""
    total = 0
    for name, value in item.items():
        [(kind, content)] = value.items()
        strings: Sequence[str] = content if isinstance(content, list) else [content]
        total += len(name) + sum(1 + (len(string) + 1) // 2 if kind == "N" else len(string) for string in strings)
    return total


def _kilobytes(size: int) -> int:
    return -(-size // 1024)


def _batch(rng: Random, batch: int, campaigns: int) -> list[dict[str, str]]:
    now = datetime.now(UTC)
    messages = []
    for number in range(BATCH):
        event = Event(
            kind=Kind.IMPRESSION,
            bid_id=f"{campaigns:04x}{batch:08x}{number:012x}",
            campaign_id=f"campaign-{campaigns}-{number % campaigns}",
            creative_id="spot",
            bid_price_micros=5_000_000,
            price_micros=rng.randrange(1_000_000, 5_000_000),
            bid_at=now,
            at=now.replace(hour=rng.randrange(24)),
            advertiser="shop.example",
            deal_id=f"deal-{rng.randrange(10)}",
            user=f"viewer-{rng.randrange(10**6)}",
            address=f"address-{rng.randrange(10**6)}",
            billed_by=Kind.IMPRESSION,
        )
        # The day's item is measured at its size at the end of the day, with all hours.
        sent = event.model_copy(update={"bid_at": event.at})
        messages.append({"messageId": str(number), "body": sent.model_dump_json(exclude_none=True)})
    return messages


if __name__ == "__main__":
    main()
