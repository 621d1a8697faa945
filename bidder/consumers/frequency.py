"""The consumer of the queue `frequency`: it counts the impressions of each viewer for frequency caps."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, read_batch
from bidder.service.service import Service

CONSUMER = "frequency"


def count_exposures(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts the exposures of a batch of SQS records. SQS delivers again each message that lost a write conflict."""
    batch = read_batch(records, CONSUMER)
    conflicts = service.frequency.record(batch.events.values())
    return answer(batch, CONSUMER, [message for message, event in batch.events.items() if event.bid_id in conflicts])
