"""Publishes events to the SNS topic `bid-events`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

A_BATCH = 10
"""Messages that SNS takes in one call."""


class EventPublisher:
    """Returns once every event is safe: SNS has it or, where that fails, `aside` has it.

    Without `aside` SNS's own errors pass through; with it, those of what puts aside. An event may be published twice,
    when SNS took it and its answer was lost: consumers count it once.
    """

    def __init__(self, sns: "SNSClient", topic: str, aside: FallbackQueue | None = None) -> None:
        self._sns = sns
        self._topic = topic
        self._aside = aside

    def publish(self, event: Event) -> None:
        """Publishes the event, its attributes beside it for the consumers' filter policies."""
        try:
            self._sns.publish(TopicArn=self._topic, **_message(event))
        except Exception as failure:  # whatever the way to SNS suffers from
            if self._aside is None:
                raise
            self._aside.put(event, type(failure).__name__)

    def publish_all(self, events: Sequence[Event]) -> None:
        """Publishes events together, as few calls as possible."""
        for start in range(0, len(events), A_BATCH):
            some = events[start : start + A_BATCH]
            try:
                refused = self.publish_batch(some)
                why = "refused"
            except Exception as failure:  # as above
                if self._aside is None:
                    raise
                refused, why = list(range(len(some))), type(failure).__name__
            for position in refused:
                if self._aside is None:
                    msg = f"SNS refused {len(refused)} of {len(some)} events"
                    raise RuntimeError(msg)
                self._aside.put(some[position], why)

    def publish_batch(self, events: Sequence[Event]) -> list[int]:
        """Publishes up to `A_BATCH` events by one call: the positions of those that SNS refused. SNS's errors pass."""
        entries: Any = [{"Id": str(position), **_message(event)} for position, event in enumerate(events)]
        answer = self._sns.publish_batch(TopicArn=self._topic, PublishBatchRequestEntries=entries)
        return [int(failed["Id"]) for failed in answer.get("Failed", [])]


def _message(event: Event) -> Any:
    return {
        "Subject": f"bid {event.kind}",
        "Message": event.model_dump_json(exclude_none=True),
        "MessageAttributes": event.attributes(),
    }
