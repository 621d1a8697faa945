"""The ledger's queue: adds what its messages bill to spend."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.endpoints.batch import Answer, answer, read_batch
from bidder.endpoints.service import Service

CONSUMER = "ledger"


def record(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts a batch of SQS records; those that others' writes crowd out are delivered again."""
    batch = read_batch(records, CONSUMER)
    uncounted = service.ledger.record(service.judge.judged(batch.events.values()))
    return answer(batch, CONSUMER, [message for message, event in batch.events.items() if event.bid_id in uncounted])
