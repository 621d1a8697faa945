"""A consumer of all events of one campaign, on the topic `bid-events`; and how far other consumers are."""

import json
from typing import Any

from tools.ministack import MiniStack

COUNTS = frozenset({"bids", "traffic"})
"""The kinds that a process tells once a minute of all its bids: no events of one bid."""


def backlog(aws: MiniStack, queue: str) -> int:
    """How many messages of a queue nobody has finished with."""
    sqs = aws.session().client("sqs")
    names: list[Any] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return sum(
        int(count) for count in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()
    )


class Subscriber:
    """Subscribed from when it is made. `arrived` are the events that `kinds` has received so far."""

    def __init__(self, aws: MiniStack, topic: str, campaign: str) -> None:
        session = aws.session()
        self.sqs = session.client("sqs")
        self.url = self.sqs.create_queue(QueueName=f"all-events-of-{campaign}")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"campaign": [campaign]})}
        session.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        self.arrived: list[dict[str, Any]] = []

    def kinds(self) -> list[str]:
        """The kinds of all events so far, sorted, those still waiting included."""
        for message in self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            if event["kind"] not in COUNTS:
                self.arrived.append(event)
        return sorted(event["kind"] for event in self.arrived)
