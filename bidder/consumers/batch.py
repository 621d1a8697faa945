"""A batch of SQS records as Lambda hands it to a consumer of events, and the answer to it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from bidder import log
from bidder.events.event import Event
from bidder.faults import faults

Answer = dict[str, list[dict[str, str]]]


class Batch(NamedTuple):
    """The events of a batch by message id, and the ids of the messages that are none."""

    events: dict[str, Event]
    unreadable: tuple[str, ...]


def read_batch(records: Iterable[Mapping[str, Any]], consumer: str) -> Batch:
    """Reads the records; of what is no event, the log says what is wrong, in the consumer's name."""
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
    """Says which messages to deliver again (Lambda's `ReportBatchItemFailures`): those left undone and the unreadable.

    So a message that can't be read fails alone, until the queue moves it to its dead-letter queue.
    """
    failed = [*batch.unreadable, *undone]
    log.event(consumer, messages=len(batch.events) + len(batch.unreadable), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
