"""The watch of the events topic, on an SNS and an SQS in memory."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest
from boto3 import Session
from moto import mock_aws

from loadtest.event_watch import EventWatch

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


class Topic(NamedTuple):
    sqs: "SQSClient"
    sns: "SNSClient"
    arn: str

    def publish(self, kind: str, bid_id: str) -> None:
        self.sns.publish(TopicArn=self.arn, Message=json.dumps({"kind": kind, "bid_id": bid_id}))


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Iterator[Topic]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # integration tests in this process set it
    with mock_aws():
        session = Session("test", "test", region_name="us-east-1")
        sns = session.client("sns")
        yield Topic(session.client("sqs"), sns, sns.create_topic(Name="bid-events")["TopicArn"])


@pytest.mark.slow
def test_an_event_that_does_not_arrive_is_reported_as_missing(topic: Topic) -> None:
    watch = EventWatch(*topic)
    accepted = {("win", str(number)) for number in range(12)}
    for kind, bid_id in [*accepted, ("win", "0")]:
        topic.publish(kind, bid_id)

    assert watch.missing(accepted, 30.0) == set()
    assert watch.missing({*accepted, ("win", "gone"), ("start", "0")}, 0.1) == {("win", "gone"), ("start", "0")}


def test_the_watch_deletes_its_queue_and_subscription(topic: Topic) -> None:
    EventWatch(*topic).close()

    assert not topic.sqs.list_queues().get("QueueUrls")
    assert not topic.sns.list_subscriptions()["Subscriptions"]
