"""The ledger's queue: adds what its messages bill to spend."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, read_batch
from bidder.service.service import Service

CONSUMER = "ledger"


def count_spend(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts a batch of SQS records; those that can't be judged, or that others' writes crowd out, come again."""
    batch = read_batch(records, CONSUMER)
    judged = service.judge.judged(batch.events)
    uncounted = service.ledger.record(judged.values())
    undone = [name for name, event in batch.events.items() if name not in judged or event.bid_id in uncounted]
    return answer(batch, CONSUMER, undone)
