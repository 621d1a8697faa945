"""Checks that each event that the bidder accepted arrives on the topic.

An answer of 204 promises that the event is not lost. The watch subscribes its own queue to the topic `bid-events` of
the local AWS.
"""

import json
import sys
import time
from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from boto3 import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

Event = tuple[str, str]
"""The kind of an event and the id of its bid."""

_PATIENCE = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3})


def local_watch(settings: Mapping[str, str]) -> "EventWatch":
    """Starts a watch on the topic of the local AWS. `settings` has the variables of `.local/env`.

    Raises botocore's errors, and KeyError for a setting that is missing.
    """
    session = Session(
        settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"], region_name=settings["AWS_DEFAULT_REGION"]
    )
    endpoint = settings["AWS_ENDPOINT_URL"]
    return EventWatch(
        session.client("sqs", endpoint_url=endpoint, config=_PATIENCE),
        session.client("sns", endpoint_url=endpoint, config=_PATIENCE),
        settings["BIDDER_EVENTS_TOPIC"],
    )


class EventWatch:
    """A queue that is subscribed to the topic until `close`."""

    def __init__(self, sqs: "SQSClient", sns: "SNSClient", topic: str) -> None:
        """Creates a queue and subscribes it to the topic. Raises botocore's errors."""
        self._sqs, self._sns = sqs, sns
        self._queue = sqs.create_queue(QueueName=f"loadtest-{uuid4().hex[:12]}")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        self._subscription = sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=attributes["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        self._arrived: set[Event] = set()

    def receive(self, *, seconds: int = 0) -> int:
        """Receives up to ten messages, waiting `seconds` for the first. Returns their number.

        Prints an error of the local AWS and returns 0, so that a slow answer does not end the load test.
        """
        try:
            return self._receive(seconds)
        except (BotoCoreError, ClientError) as error:
            print(f"loadtest: the event queue of the local AWS did not answer: {error}", file=sys.stderr)
            time.sleep(1)
            return 0

    def _receive(self, seconds: int) -> int:
        messages: list[Any] = self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=seconds
        ).get("Messages", [])
        for message in messages:
            event = json.loads(message["Body"])
            self._arrived.add((event["kind"], event["bid_id"]))
        if messages:
            self._sqs.delete_message_batch(
                QueueUrl=self._queue,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(messages)
                ],
            )
        return len(messages)

    def missing(self, accepted: Set[Event], seconds: float) -> set[Event]:
        """The accepted events that do not arrive within `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := accepted - self._arrived) and time.monotonic() < deadline:
            self.receive(seconds=1)
        return set(left)

    def close(self) -> None:
        """Deletes the subscription and the queue."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._queue)
