"""The queue of what viewers were shown: counts it."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, read_batch
from bidder.service.service import Service

CONSUMER = "frequency"


def count_exposures(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts a batch of SQS records; those that others' writes crowd out are delivered again."""
    batch = read_batch(records, CONSUMER)
    crowded = service.frequency.record(batch.events.values())
    return answer(batch, CONSUMER, [message for message, event in batch.events.items() if event.bid_id in crowded])
