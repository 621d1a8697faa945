"""Publishes events to the SNS topic `bid-events`."""

from typing import TYPE_CHECKING

from bidder.events.event import Event

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Publisher:
    """Publishes one event a call; it returns once SNS has taken the event, and SNS's own errors pass through."""

    def __init__(self, sns: "SNSClient", topic: str) -> None:
        self._sns = sns
        self._topic = topic

    def publish(self, event: Event) -> None:
        """Publishes the event, its attributes beside it for the consumers' filter policies."""
        self._sns.publish(
            TopicArn=self._topic,
            Subject=f"bid {event.kind}",
            Message=event.model_dump_json(exclude_none=True),
            MessageAttributes=event.attributes(),
        )
