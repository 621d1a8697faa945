"""The consumer of the queue `learning`: it counts the outcomes that predictions and pacing learn from."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, read_batch
from bidder.events.kinds import Kind
from bidder.service.service import Service

CONSUMER = "learning"


def count_outcomes(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts the outcomes of a batch of SQS records. SQS delivers again each message that lost a write conflict."""
    batch = read_batch(records, CONSUMER)
    conflicts = service.learning.record(batch.events.values())
    if traffic := [event for event in batch.events.values() if event.kind is Kind.TRAFFIC]:
        service.traffic_log.record(traffic)
    undone = [message for message, event in batch.events.items() if (event.bid_id, event.kind.value) in conflicts]
    return answer(batch, CONSUMER, undone)
