"""Reads many items of DynamoDB by their keys, and retries the keys that a call leaves unprocessed."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bidder.aws.retry import draw as random_draw
from bidder.aws.retry import pauses
from bidder.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_KEYS = 100
"""The most keys of one BatchGetItem call."""
MAX_FRUITLESS = 10
"""The most calls in a row that read nothing, for lack of capacity. Their pauses take 12 s on average."""
MAX_CALLS = 30
"""The most calls for one set of keys. 100 items of 400 KB, the largest size, take three calls."""
_FIRST_PAUSE = 0.02


class LeftUnread(UserError, RuntimeError):
    """DynamoDB left keys unprocessed in every attempt."""


def batch_get(
    dynamodb: "DynamoDBClient",
    table: str,
    keys: Sequence[Any],
    pause: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random_draw,
) -> list[Mapping[str, Any]]:
    """The existing items of up to `MAX_KEYS` keys, in no order, read consistently.

    It pauses before each further call, longer while DynamoDB reads nothing. Raises LeftUnread, and DynamoDB's errors.
    """
    items: list[Mapping[str, Any]] = []
    unread_keys = list(keys)
    waits, fruitless = pauses(draw, _FIRST_PAUSE), 0
    for _ in range(MAX_CALLS):
        answer: Any = dynamodb.batch_get_item(RequestItems={table: {"Keys": unread_keys, "ConsistentRead": True}})
        items += answer["Responses"].get(table, [])
        unread = answer.get("UnprocessedKeys", {}).get(table)
        if not unread:
            return items
        if len(unread["Keys"]) < len(unread_keys):
            waits, fruitless = pauses(draw, _FIRST_PAUSE), 0
        else:
            fruitless += 1
            if fruitless == MAX_FRUITLESS:
                break
        unread_keys = list(unread["Keys"])
        pause(next(waits))
    attempts = fruitless or MAX_CALLS
    msg = f"{table}: {len(unread_keys)} of {len(keys)} keys not read after {attempts} attempts; try again later"
    raise LeftUnread(msg)
