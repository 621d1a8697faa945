"""Counting things once in DynamoDB: a marker for each thing, and the counters that it adds to, in one transaction.

Whatever is repeated, reordered or cut short, a thing is in both or in neither. Tables have the keys `pk` and `sk` and
drop what is past its `expires_at`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

MARKER_LIFETIME = timedelta(days=45)
"""Longer than an event can lie in a queue and its dead-letter queue (14 days each) before it is delivered again."""

MAX_IN_TRANSACTION = 45
"""The most things in a transaction."""
_MAX_ITEMS = 100
"""The most items in a transaction of DynamoDB: the markers of the things, and their distinct counters."""

_ATTEMPTS = 5


class Key(NamedTuple):
    """An item's key."""

    pk: str
    sk: str


class CountedOnce(NamedTuple):
    """What is counted once: its marker, what it adds to which numbers of which items, and when it was.

    Things with the same first item are written together. The items live for `lifetime` from the latest of them; None is
    for ever. `about` is kept with the marker.
    """

    marker: Key
    adds: Mapping[Key, Mapping[str, int]]
    at: datetime
    lifetime: timedelta | None = None
    about: Mapping[str, str] = {}


def count_once(dynamodb: "DynamoDBClient", table: str, things: Iterable[CountedOnce]) -> frozenset[Key]:
    """Counts the things that have no marker yet.

    Returns the markers of those that could not be counted now because others write the same items: try them again
    later. DynamoDB's own errors pass through.
    """
    by_first: dict[Key, dict[Key, CountedOnce]] = defaultdict(dict)
    for thing in things:
        by_first[next(iter(thing.adds))].setdefault(thing.marker, thing)
    crowded: set[Key] = set()
    for its in by_first.values():
        for some in _transactions(its.values()):
            crowded.update(_count(dynamodb, table, some))
    return frozenset(crowded)


def _transactions(things: Iterable[CountedOnce]) -> Iterator[list[CountedOnce]]:
    """The things, so many at once as a transaction holds."""
    some: list[CountedOnce] = []
    counters: set[Key] = set()
    for thing in things:
        more = counters | thing.adds.keys()
        if some and (len(some) == MAX_IN_TRANSACTION or len(some) + 1 + len(more) > _MAX_ITEMS):
            yield some
            some, more = [], set(thing.adds)
        some.append(thing)
        counters = more
    if some:
        yield some


def _count(dynamodb: "DynamoDBClient", table: str, things: list[CountedOnce]) -> list[Key]:
    for _ in range(_ATTEMPTS):
        if not things:
            return []
        try:
            dynamodb.transact_write_items(
                TransactItems=[*(_marker(table, thing) for thing in things), *_additions(table, things)]
            )
        except dynamodb.exceptions.TransactionCanceledException as error:
            reasons = [reason.get("Code") for reason in error.response["CancellationReasons"]]
            marked = reasons[: len(things)]
            things = [thing for thing, why in zip(things, marked, strict=True) if why != "ConditionalCheckFailed"]
        else:
            return []
    return [thing.marker for thing in things]


def key(its: Key) -> Mapping[str, Mapping[str, str]]:
    """A key as DynamoDB takes it."""
    return {"pk": {"S": its.pk}, "sk": {"S": its.sk}}


def _marker(table: str, thing: CountedOnce) -> "TransactWriteItemTypeDef":
    about = {name: {"S": value} for name, value in thing.about.items()}
    expires = {"expires_at": {"N": _seconds(thing.at + MARKER_LIFETIME)}}
    return {
        "Put": {
            "TableName": table,
            "Item": {**about, **key(thing.marker), **expires},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _additions(table: str, things: Sequence[CountedOnce]) -> "list[TransactWriteItemTypeDef]":
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    for thing in things:
        for counter, amounts in thing.adds.items():
            for name, amount in amounts.items():
                sums[counter][name] += amount
    ends = [thing.at + thing.lifetime for thing in things if thing.lifetime is not None]
    return [_addition(table, counter, amounts, max(ends, default=None)) for counter, amounts in sums.items()]


def _addition(
    table: str, counter: Key, amounts: Mapping[str, int], ends: datetime | None
) -> "TransactWriteItemTypeDef":
    adds = sorted(amounts.items())
    names = {f"#n{number}": name for number, (name, _) in enumerate(adds)}
    values = {f":n{number}": {"N": str(more)} for number, (_, more) in enumerate(adds)}
    expression = "ADD " + ", ".join(f"#n{number} :n{number}" for number in range(len(adds)))
    if ends is not None:
        expression = "SET expires_at = :expires " + expression
        values[":expires"] = {"N": _seconds(ends)}
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
