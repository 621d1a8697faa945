"""The queue of what predictions learn from: counts it."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, read_batch
from bidder.events.kinds import Kind
from bidder.service.service import Service

CONSUMER = "learning"


def count_outcomes(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts a batch of SQS records; those that others' writes crowd out are delivered again."""
    batch = read_batch(records, CONSUMER)
    crowded = service.learning.record(batch.events.values())
    if traffic := [event for event in batch.events.values() if event.kind is Kind.TRAFFIC]:
        service.traffic_log.record(traffic)
    undone = [message for message, event in batch.events.items() if (event.bid_id, event.kind.value) in crowded]
    return answer(batch, CONSUMER, undone)
