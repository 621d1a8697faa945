"""The batch of SQS records that Lambda passes to a consumer of events, and the consumer's answer."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from bidder import log
from bidder.events.event import Event
from bidder.faults import faults

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


def answer(batch: Batch, consumer: str, undone: Iterable[str]) -> Answer:
    """Returns the messages that SQS shall deliver again, in the form of Lambda's `ReportBatchItemFailures`.

    They are the `undone` messages and the unreadable ones. An unreadable message fails alone, until SQS moves it to
    the dead-letter queue.
    """
    failed = [*batch.unreadable, *undone]
    log.event(consumer, messages=len(batch.events) + len(batch.unreadable), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
