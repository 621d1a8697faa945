"""Counting things once in DynamoDB: a marker for each thing, and the counters that it adds to, in one transaction.

Whatever is repeated, reordered or cut short, a thing is in both or in neither. Tables have the keys `pk` and `sk` and
drop what is past its `expires_at`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

MARKER_LIFETIME = timedelta(days=45)
"""Longer than an event can lie in a queue and its dead-letter queue (14 days each) before it is delivered again."""

_ATTEMPTS = 5


class Key(NamedTuple):
    """An item's key."""

    pk: str
    sk: str


class Thing(NamedTuple):
    """What is counted once: the marker of it, what it adds to the number `name` of the item `counter`, and when.

    The item lives for `lifetime` from the latest of them; None is for ever.
    """

    marker: Key
    counter: Key
    name: str
    at: datetime
    lifetime: timedelta | None = None


def count_once(dynamodb: "DynamoDBClient", table: str, things: Iterable[Thing]) -> frozenset[Key]:
    """Counts the things that have no marker yet, those of a counter together; 50 in a call at most.

    Returns the markers of those that could not be counted now because others write the same items: try them again
    later. DynamoDB's own errors pass through.
    """
    by_counter: dict[Key, dict[Key, Thing]] = defaultdict(dict)
    for thing in things:
        by_counter[thing.counter].setdefault(thing.marker, thing)
    return frozenset(
        marker for counter, its in by_counter.items() for marker in _count(dynamodb, table, counter, list(its.values()))
    )


def _count(dynamodb: "DynamoDBClient", table: str, counter: Key, things: list[Thing]) -> list[Key]:
    for _ in range(_ATTEMPTS):
        if not things:
            return []
        try:
            dynamodb.transact_write_items(
                TransactItems=[*(_marker(table, thing) for thing in things), _addition(table, counter, things)]
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


def _marker(table: str, thing: Thing) -> "TransactWriteItemTypeDef":
    expires = {"expires_at": {"N": _seconds(thing.at + MARKER_LIFETIME)}}
    return {
        "Put": {
            "TableName": table,
            "Item": {**key(thing.marker), **expires},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


def _addition(table: str, counter: Key, things: Sequence[Thing]) -> "TransactWriteItemTypeDef":
    adds = sorted(Counter(thing.name for thing in things).items())
    names = {f"#n{number}": name for number, (name, _) in enumerate(adds)}
    values = {f":n{number}": {"N": str(more)} for number, (_, more) in enumerate(adds)}
    expression = "ADD " + ", ".join(f"#n{number} :n{number}" for number in range(len(adds)))
    ends = [thing.at + thing.lifetime for thing in things if thing.lifetime is not None]
    if ends:
        expression = "SET expires_at = :expires " + expression
        values[":expires"] = {"N": _seconds(max(ends))}
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
