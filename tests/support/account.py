"""An AWS account of moto with the resources of the bidder's stack: tables, buckets, queues, topics and parameters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from moto import mock_aws

from bidder import aws
from bidder.service.service import Service
from tests.support.dynamodb import KEYS, create_table
from tests.support.service import KEYS as SIGNING_KEYS
from tests.support.service import SETTINGS

CONSUMERS = ("ledger", "archive", "learning", "frequency", "notices")
PARAMETERS = {"exchanges": "{}", "signing-keys": SIGNING_KEYS.model_dump_json(), "admin-key": "a-secret-of-operators"}


class Account:
    """The account's clients, and a service that uses them."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.dynamodb, self.s3, self.sqs = client("dynamodb"), client("s3"), client("sqs")
        self.sns, self.ssm = client("sns"), client("ssm")
        for table, keys in KEYS.items():
            create_table(self.dynamodb, table, keys)
        for bucket in ("snapshots", "creatives", "archive"):
            self.s3.create_bucket(Bucket=bucket)
        self.queues = {
            name: self.sqs.create_queue(QueueName=f"bid-events-{name}")["QueueUrl"]
            for consumer in CONSUMERS
            for name in (consumer, f"{consumer}-dead")
        }
        topics = [self.sns.create_topic(Name=name)["TopicArn"] for name in ("bid-events", "campaign-refresh")]
        for name, value in PARAMETERS.items():
            self.set_parameter(name, value)
        urls = {"notices_queue": self.queues["notices"], "events_topic": topics[0], "refresh_topic": topics[1]}
        self.settings = SETTINGS.model_copy(update=urls)

    def set_parameter(self, name: str, value: str) -> None:
        self.ssm.put_parameter(Name=f"/bidder/{name}", Value=value, Type="String", Overwrite=True)

    def service(self) -> Service:
        """A service of a new process, which has read nothing yet."""
        return Service(self.settings, "ann")

    def waiting(self, queue: str) -> int:
        """The number of waiting messages in a queue."""
        name: Any = "ApproximateNumberOfMessages"
        answer = self.sqs.get_queue_attributes(QueueUrl=self.queues[queue], AttributeNames=[name])
        return int(answer["Attributes"][name])


_make_client: Callable[[str], Any] = aws.client.__wrapped__  # type: ignore[attr-defined]


@cache
def _client(service: str) -> Any:
    """A client of moto, kept for the whole process, since creating one takes longer than most tests."""
    return _client("s3") if service == "s3-parameters" else _make_client(service)


@contextmanager
def mocked_aws() -> Iterator[Callable[[str], Any]]:
    """An empty account of moto during the context. Yields the function that creates its clients.

    The bidder's own clients, including those of its own HTTP client, use the account too.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for name in ("client", "short_timeout", "minimal"):
            patch.setattr(aws, name, _client)
        with mock_aws():
            yield _client


@contextmanager
def mocked_account() -> Iterator[Account]:
    """The account during the context."""
    with mocked_aws() as client:
        yield Account(client)
