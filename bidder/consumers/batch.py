"""The batch of SQS records that Lambda passes to a consumer of events, and the consumer's answer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from bidder import log
from bidder.events.event import Event
from bidder.faults import faults

_OF_THE_MESSAGES = frozenset(
    {"ValidationException", "InvalidParameter", "InvalidParameterValue", "BatchRequestTooLong"}
)
"""The codes with which DynamoDB and SNS refuse a call because of its content."""

Answer = dict[str, list[dict[str, str]]]


class Batch(NamedTuple):
    """The events of a batch by message id, and the ids of the messages that hold no valid event."""

    events: dict[str, Event]
    unreadable: tuple[str, ...]


def read_batch(records: Iterable[Mapping[str, Any]], consumer: str) -> Batch:
    """Parses the records. Each message without a valid event is logged as `<consumer>.unreadable`, with its faults."""
    events: dict[str, Event] = {}
    unreadable: list[str] = []
    for message in records:
        try:
            events[message["messageId"]] = Event.model_validate_json(message["body"])
        except ValidationError as error:
            log.warning(f"{consumer}.unreadable", message=message["messageId"], wrong="; ".join(faults(error, "body")))
            unreadable.append(message["messageId"])
    return Batch(events, tuple(unreadable))


def count_apart(
    consumer: str, events: Mapping[str, Event], count: Callable[[Mapping[str, Event]], Iterable[str]]
) -> set[str]:
    """Counts or publishes events by message id. Returns the ids of the messages that SQS shall deliver again.

    `count` returns the ids of those that it could not count now. `count` raises if the events are too large for one
    call, or if an event cannot be counted at all, such as an event with a name that is too long for DynamoDB. Then each
    half of the events is counted, and so on, until the event that cannot be counted fails alone. Counting again changes
    nothing, since each event counts once. Other errors of AWS and of the network pass through, since another event
    would not succeed either.
    """
    try:
        return set(count(events))
    except Exception as error:
        if not _is_of_an_event(error):
            raise
        if len(events) <= 1:
            log.error(f"{consumer}.uncountable", message=next(iter(events), None))
            return set(events)
    pairs = list(events.items())
    halves = dict(pairs[: len(pairs) // 2]), dict(pairs[len(pairs) // 2 :])
    return {message for half in halves for message in count_apart(consumer, half, count)}


def _is_of_an_event(error: Exception) -> bool:
    from botocore.exceptions import ClientError  # only a consumer with an error needs it

    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _OF_THE_MESSAGES
    return isinstance(error, ValueError | ArithmeticError)


def answer(batch: Batch, consumer: str, undone: Iterable[str]) -> Answer:
    """Returns the messages that SQS shall deliver again, in the form of Lambda's `ReportBatchItemFailures`.

    They are the `undone` messages and the unreadable ones. An unreadable message fails alone, until SQS moves it to
    the dead-letter queue.
    """
    again = set(undone)
    failed = [*batch.unreadable, *(message for message in batch.events if message in again)]
    log.event(consumer, messages=len(batch.events) + len(batch.unreadable), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
