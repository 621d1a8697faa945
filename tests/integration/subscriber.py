"""A subscriber to all events of one campaign on the topic `bid-events`, and the backlog of other consumers."""

import json
from typing import Any

from tools.ministack import MiniStack

COUNTS = frozenset({"bids", "traffic"})
"""The kinds of counts that a process publishes once a minute. They are not events of a bid."""


def backlog(aws: MiniStack, queue: str) -> int:
    """The number of unacknowledged messages of a queue."""
    sqs = aws.session().client("sqs")
    names: list[Any] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return sum(
        int(count) for count in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()
    )


class Subscriber:
    """Subscribes when it is created. `arrived` are the events that `kinds` has received."""

    def __init__(self, aws: MiniStack, topic: str, campaign: str) -> None:
        session = aws.session()
        self.sqs = session.client("sqs")
        self.url = self.sqs.create_queue(QueueName=f"all-events-of-{campaign}")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"campaign": [campaign]})}
        session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        self.arrived: list[dict[str, Any]] = []

    def kinds(self) -> list[str]:
        """The kinds of all events so far, sorted, including waiting events."""
        for message in self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            if event["kind"] not in COUNTS:
                self.arrived.append(event)
        return sorted(event["kind"] for event in self.arrived)
