"""The chain through a local AWS with its own topic, queues and dead-letter queues. Every call may fail."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from bidder.cli.redrive import move
from tests.soak.chain import HANDLERS, MAX_RECEIVED, Chain, Died
from tests.soak.run import events, soak
from tests.support.dynamodb import Unreachable
from tools.ministack import MiniStack
from tools.processes import free_port

_A_RECEIVE = 10


class Failing:
    """A boto3 client whose calls may fail before or after they take effect."""

    def __init__(self, client: Any, faults: Iterator[str | None]) -> None:
        self._client = client
        self._faults = faults
        self.exceptions = client.exceptions
        self.lost = 0

    def get_paginator(self, name: str) -> Any:
        return self._client.get_paginator(name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            fault = next(self._faults)
            self.lost += fault is not None
            if fault == "before":
                raise Unreachable
            answer = getattr(self._client, name)(**arguments)
            if fault is not None:
                raise Unreachable
            return answer

        return call


class CloudQueue:
    """An SQS queue with a consumer in this process. SQS moves messages that keep failing to the dead-letter queue."""

    def __init__(self, sqs: Any, name: str) -> None:
        self._sqs = sqs
        self._dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        policy = f'{{"deadLetterTargetArn": "{self.arn_of(self._dead)}", "maxReceiveCount": "{MAX_RECEIVED}"}}'
        attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "600"}
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def arn_of(self, url: str) -> str:
        return str(self._attributes(url)["QueueArn"])

    def __len__(self) -> int:
        return int(self._attributes(self.url)["ApproximateNumberOfMessages"])

    @property
    def aside(self) -> int:
        return int(self._attributes(self._dead)["ApproximateNumberOfMessages"])

    def redrive(self) -> None:
        if self.aside:
            move(self._sqs, self._dead, self.url)

    def deliver(self, rng: Random, maximum: int, handler: Callable[[list[dict[str, str]]], Any]) -> None:
        batch: list[dict[str, Any]] = []
        while len(batch) < maximum:
            batch_size = min(_A_RECEIVE, maximum - len(batch))
            received = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=batch_size).get("Messages", [])
            batch += received
            if not received:
                break
        try:
            answer = handler([{"messageId": message["MessageId"], "body": message["Body"]} for message in batch])
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        except (Died, Unreachable):
            failed = {message["MessageId"] for message in batch}
        for message in batch:
            names = {"QueueUrl": self.url, "ReceiptHandle": message["ReceiptHandle"]}
            # SQS may deliver an acknowledged message again.
            if message["MessageId"] in failed or rng.random() < 0.1:
                self._sqs.change_message_visibility(**names, VisibilityTimeout=0)
            else:
                self._sqs.delete_message(**names)

    def _attributes(self, url: str) -> Any:
        return self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


class CloudChain(Chain):
    """A chain of resources in AWS, whose names contain `mark`."""

    def __init__(self, rng: Random, harm: float, session: Any, mark: str) -> None:
        super().__init__(rng, harm)
        sns, sqs, dynamodb, s3 = (session.client(name) for name in ("sns", "sqs", "dynamodb", "s3"))
        self.table = self.bucket = mark
        dynamodb.create_table(
            TableName=mark,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        s3.create_bucket(Bucket=mark)
        self.topic = sns.create_topic(Name=mark)["TopicArn"]
        self.queues = {name: CloudQueue(sqs, f"{mark}-{name}") for name in HANDLERS}
        self.aside = self.queues["notices"].url
        for name in ("ledger", "archive"):
            queue = self.queues[name]
            raw = {"RawMessageDelivery": "true"}
            sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue.arn_of(queue.url), Attributes=raw)
        self.sns, self.sqs = Failing(sns, self.faults), Failing(sqs, self.faults)
        self.dynamodb, self.s3 = Failing(dynamodb, self.faults), Failing(s3, self.faults)


def in_cloud(session: Any, seed: int, count: int, campaigns: int, harm: float = 0.2) -> CloudChain:
    """Runs a soak through the AWS of a session. The seed determines all but the order of deliveries."""
    rng = Random(seed)  # noqa: S311 - a repeatable draw, not a secret
    chain = CloudChain(rng, harm, session, f"soak-{seed}")
    soak(chain, events(rng, count, campaigns))
    return chain


@contextlib.contextmanager
def in_local_aws() -> Iterator[Callable[[int, int, int], object]]:
    """Runs a local AWS during the context."""
    with TemporaryDirectory() as folder:
        aws = MiniStack(Path(folder), free_port())
        aws.start()
        try:
            yield partial(in_cloud, aws.session())
        finally:
            aws.stop()
