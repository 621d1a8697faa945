"""Idempotent counters in DynamoDB: one transaction writes the marker of an event and adds to the event's counters.

Delivery again, in another order or interrupted does not change the result: marker and counters are both written or
neither. The tables have the keys `pk` and `sk`, and the time to live `expires_at`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

MARKER_LIFETIME = timedelta(days=45)
"""Longer than an event can wait in a queue and its dead-letter queue, 14 days each, before SQS delivers it again."""

MAX_IN_TRANSACTION = 45
"""The most events in a transaction."""
_MAX_ITEMS = 100
"""The most items in a transaction of DynamoDB: the markers of the events, and their distinct counters."""

_ATTEMPTS = 5


class Key(NamedTuple):
    """An item's key."""

    pk: str
    sk: str


class CountedOnce(NamedTuple):
    """An event to count once: its marker, the amounts to add by item and attribute, and its time.

    Events with the same first item share a transaction. The items of counters expire `lifetime` after the latest event;
    None is never. `details` is stored with the marker.
    """

    marker: Key
    amounts: Mapping[Key, Mapping[str, int]]
    at: datetime
    lifetime: timedelta | None = None
    details: Mapping[str, str] = {}


def count_once(dynamodb: "DynamoDBClient", table: str, counts: Iterable[CountedOnce]) -> frozenset[Key]:
    """Counts the events that have no marker yet.

    Returns the markers of the events that lost against other writers of the same items; the caller tries them again
    later. Raises DynamoDB's errors.
    """
    entries_by_first_item: dict[Key, dict[Key, CountedOnce]] = defaultdict(dict)
    for entry in counts:
        entries_by_first_item[next(iter(entry.amounts))].setdefault(entry.marker, entry)
    conflicting_markers: set[Key] = set()
    for entries_by_marker in entries_by_first_item.values():
        for batch in _transactions(entries_by_marker.values()):
            conflicting_markers.update(_count(dynamodb, table, batch))
    return frozenset(conflicting_markers)


def _transactions(counts: Iterable[CountedOnce]) -> Iterator[list[CountedOnce]]:
    """The counts in batches of the largest size of a transaction."""
    batch: list[CountedOnce] = []
    counters: set[Key] = set()
    for entry in counts:
        all_counters = counters | entry.amounts.keys()
        if batch and (len(batch) == MAX_IN_TRANSACTION or len(batch) + 1 + len(all_counters) > _MAX_ITEMS):
            yield batch
            batch, all_counters = [], set(entry.amounts)
        batch.append(entry)
        counters = all_counters
    if batch:
        yield batch


def _count(dynamodb: "DynamoDBClient", table: str, counts: list[CountedOnce]) -> list[Key]:
    for _ in range(_ATTEMPTS):
        if not counts:
            return []
        try:
            dynamodb.transact_write_items(
                TransactItems=[*(_marker(table, entry) for entry in counts), *_additions(table, counts)]
            )
        except dynamodb.exceptions.TransactionCanceledException as error:
            reasons = [reason.get("Code") for reason in error.response["CancellationReasons"]]
            codes = reasons[: len(counts)]
            counts = [entry for entry, code in zip(counts, codes, strict=True) if code != "ConditionalCheckFailed"]
        else:
            return []
    return [entry.marker for entry in counts]


def key(item_key: Key) -> Mapping[str, Mapping[str, str]]:
    """The key in the form of DynamoDB's API."""
    return {"pk": {"S": item_key.pk}, "sk": {"S": item_key.sk}}


def _marker(table: str, entry: CountedOnce) -> "TransactWriteItemTypeDef":
    details = {name: {"S": value} for name, value in entry.details.items()}
    expires = {"expires_at": {"N": _seconds(entry.at + MARKER_LIFETIME)}}
    return {
        "Put": {
            "TableName": table,
            "Item": {**details, **key(entry.marker), **expires},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _additions(table: str, counts: Sequence[CountedOnce]) -> "list[TransactWriteItemTypeDef]":
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    for entry in counts:
        for counter, amounts in entry.amounts.items():
            for name, amount in amounts.items():
                sums[counter][name] += amount
    expiry_times = [entry.at + entry.lifetime for entry in counts if entry.lifetime is not None]
    return [_addition(table, counter, amounts, max(expiry_times, default=None)) for counter, amounts in sums.items()]


def _addition(
    table: str, counter: Key, amounts: Mapping[str, int], expires_at: datetime | None
) -> "TransactWriteItemTypeDef":
    sorted_amounts = sorted(amounts.items())
    names = {f"#n{number}": name for number, (name, _) in enumerate(sorted_amounts)}
    values = {f":n{number}": {"N": str(amount)} for number, (_, amount) in enumerate(sorted_amounts)}
    expression = "ADD " + ", ".join(f"#n{number} :n{number}" for number in range(len(sorted_amounts)))
    if expires_at is not None:
        expression = "SET expires_at = :expires " + expression
        values[":expires"] = {"N": _seconds(expires_at)}
    return {
        "Update": {
            "TableName": table,
            "Key": key(counter),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
    }


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))
