"""The consumer of the queue `ledger`: it adds billed impressions to the spend of their campaigns."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, read_batch
from bidder.service.service import Service

CONSUMER = "ledger"


def count_spend(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts the spend of a batch of SQS records.

    SQS delivers a message again if the invalid-traffic filter could not judge it, or if it lost a write conflict.
    """
    batch = read_batch(records, CONSUMER)
    judged = service.judge.judged(batch.events)
    uncounted = service.ledger.record(judged.values())
    undone = [message for message, event in batch.events.items() if message not in judged or event.bid_id in uncounted]
    return answer(batch, CONSUMER, undone)
