"""The consumer of the queue `ledger`: it adds billed impressions to the spend of their campaigns."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, count_apart, read_batch
from bidder.events.event import Event
from bidder.service.service import Service

CONSUMER = "ledger"


def count_spend(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Counts the spend of a batch of SQS records.

    SQS delivers a message again if the invalid-traffic filter could not judge it, or if it lost a write conflict.
    """
    batch = read_batch(records, CONSUMER)
    judged = service.ivt_filter.mark_invalid(batch.events)

    def count(events: Mapping[str, Event]) -> Iterator[str]:
        uncounted = service.ledger.record(events.values())
        return (message for message, event in events.items() if event.bid_id in uncounted)

    return answer(batch, CONSUMER, (batch.events.keys() - judged.keys()) | count_apart(CONSUMER, judged, count))
