"""The consumer of the queue `frequency`: it counts the impressions of each viewer for frequency caps."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, count_apart, read_batch
from bidder.events.event import Event
from bidder.service.service import Service

CONSUMER = "frequency"


def count_exposures(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts the exposures of a batch of SQS records. SQS delivers again each message that lost a write conflict."""
    batch = read_batch(records, CONSUMER)

    def count(events: Mapping[str, Event]) -> Iterator[str]:
        conflicts = service.frequency.record(events.values())
        return (message for message, event in events.items() if event.bid_id in conflicts)

    return answer(batch, CONSUMER, count_apart(CONSUMER, batch.events, count))
