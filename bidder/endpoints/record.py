"""The ledger's queue: adds what its messages bill to spend."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from bidder import log
from bidder.endpoints.service import Service
from bidder.events.event import Event
from bidder.faults import faults


def record(service: Service, records: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Counts a batch of SQS records and says which to deliver again (Lambda's `ReportBatchItemFailures`).

    A message that can't be read fails alone, until the queue moves it to its dead-letter queue.
    """
    events: dict[str, Event] = {}
    failed: list[str] = []
    for message in records:
        try:
            events[message["messageId"]] = Event.model_validate_json(message["body"])
        except ValidationError as error:
            log.warning("ledger.unreadable", message=message["messageId"], wrong="; ".join(faults(error, "body")))
            failed.append(message["messageId"])
    uncounted = service.ledger.record(events.values())
    failed += [message_id for message_id, event in events.items() if event.bid_id in uncounted]
    log.event("ledger", messages=len(events) + len(failed), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
