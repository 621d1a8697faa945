"""The consumer of the fallback queue `notices`: it publishes the notices that SNS did not accept before."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, count_apart, read_batch
from bidder.events.event import Event
from bidder.service.service import Service

CONSUMER = "notices"


def publish_again(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Publishes a batch of up to 10 SQS records. SQS delivers again each message that SNS still refuses."""
    batch = read_batch(records, CONSUMER)

    def publish(events: Mapping[str, Event]) -> Iterator[str]:
        refused = service.publisher.publish_batch(list(events.values())) if events else []
        return (message for position, message in enumerate(events) if position in refused)

    return answer(batch, CONSUMER, count_apart(CONSUMER, batch.events, publish))
