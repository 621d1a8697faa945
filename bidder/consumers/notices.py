"""The consumer of the fallback queue `notices`: it publishes the notices that SNS did not accept before."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder.consumers.batch import Answer, answer, read_batch
from bidder.service.service import Service

CONSUMER = "notices"


def publish_again(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Publishes a batch of up to 10 SQS records. SQS delivers again each message that SNS still refuses."""
    batch = read_batch(records, CONSUMER)
    messages = list(batch.events)
    refused = service.publisher.publish_batch(list(batch.events.values())) if messages else []
    return answer(batch, CONSUMER, [messages[position] for position in refused])
