"""The consumer of the queue `learning`: it counts the outcomes that predictions and pacing learn from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, count_apart, read_batch
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.service.service import Service

CONSUMER = "learning"


def count_outcomes(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts the outcomes of a batch of SQS records. SQS delivers again each message that lost a write conflict."""
    batch = read_batch(records, CONSUMER)

    def count(events: Mapping[str, Event]) -> Iterator[str]:
        conflicts = service.learning.record(events.values())
        if traffic := [event for event in events.values() if event.kind is Kind.TRAFFIC]:
            service.traffic_log.record(traffic)
        return (message for message, event in events.items() if (event.bid_id, event.kind.value) in conflicts)

    return answer(batch, CONSUMER, count_apart(CONSUMER, batch.events, count))
