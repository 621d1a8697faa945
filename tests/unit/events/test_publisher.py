"""An event that was answered with success is safe, whatever SNS and SQS do."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder import aws
from bidder.consumers.notices import publish_again
from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue
from bidder.events.publisher import EventPublisher
from tests.support.events import event
from tests.support.service import service

TOPIC, QUEUE = "arn:aws:sns:us-east-1:000000000000:bid-events", "http://sqs/notices"


class Broken(Exception):
    """The connection broke; nobody can know whether the call took effect."""


class Fake:
    """SNS and SQS in memory. Each call fails "before" it takes effect, "after" it, or not, as told."""

    def __init__(self, *faults: str | None) -> None:
        self.faults = iter(faults)
        self.topic: list[str] = []
        self.queue: list[str] = []

    def _at(self, moment: str, fault: str | None) -> None:
        if fault == moment:
            raise Broken

    def publish(self, *, TopicArn: str, Message: str, **_: Any) -> None:  # noqa: N803
        assert TopicArn == TOPIC
        self._took(self.topic, [Message])

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert TopicArn == TOPIC
        assert 0 < len(PublishBatchRequestEntries) <= 10
        refused = next(self.faults, None)
        if refused == "refuse":
            self.topic += [entry["Message"] for entry in PublishBatchRequestEntries[1:]]
            return {"Failed": [{"Id": PublishBatchRequestEntries[0]["Id"]}]}
        self._took(self.topic, [entry["Message"] for entry in PublishBatchRequestEntries], refused)
        return {}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == QUEUE
        self._took(self.queue, [MessageBody])

    def _took(self, where: list[str], messages: list[str], fault: str | None = "ask") -> None:
        fault = next(self.faults, None) if fault == "ask" else fault
        self._at("before", fault)
        where += messages
        self._at("after", fault)


def publisher(fake: Fake) -> EventPublisher:
    return EventPublisher(fake, TOPIC, FallbackQueue(lambda: fake, QUEUE))  # type: ignore[arg-type,return-value]


def safe(fake: Fake) -> set[str]:
    return {Event.model_validate_json(text).bid_id for text in [*fake.topic, *fake.queue]}


FAULTS = st.lists(st.sampled_from([None, None, "before", "after"]), max_size=8)


@given(FAULTS)
def test_what_is_answered_with_success_is_on_the_topic_or_aside(faults: list[str | None]) -> None:
    fake = Fake(*faults)
    answered = set()
    for number in range(4):
        try:
            publisher(fake).publish(event(number))
        except Broken:
            continue
        answered.add(f"bid-{number}")

    assert answered <= safe(fake)
    assert (answered == {f"bid-{n}" for n in range(4)}) or "before" in faults or "after" in faults


@given(st.lists(st.sampled_from([None, "before", "after", "refuse"]), max_size=6), st.integers(0, 25))
def test_so_are_events_that_are_published_together(faults: list[str | None], count: int) -> None:
    fake = Fake(*faults)
    events = [event(number) for number in range(count)]
    try:
        publisher(fake).publish_all(events)
    except Broken:
        return

    assert {e.bid_id for e in events} == safe(fake)


def test_only_what_sns_does_not_take_goes_aside() -> None:
    fake = Fake()
    publisher(fake).publish(event(1))
    assert (len(fake.topic), fake.queue) == (1, [])

    fake = Fake("before")
    publisher(fake).publish(event(1))
    assert (fake.topic, len(fake.queue)) == ([], 1)


def test_where_neither_takes_it_the_sender_hears_so() -> None:
    with pytest.raises(Broken):
        publisher(Fake("before", "before")).publish(event(1))


def test_what_was_put_aside_is_published_later_and_what_is_refused_stays() -> None:
    fake = Fake("refuse")
    records = [{"messageId": f"m{n}", "body": event(n).model_dump_json()} for n in range(3)]
    records.append({"messageId": "poison", "body": "{}"})

    answer = publish_again(service(None, publisher=publisher(fake)), records)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["poison", "m0"]
    assert safe(fake) == {"bid-1", "bid-2"}


def test_the_calls_of_a_notice_fail_while_the_function_still_runs() -> None:
    config = json.loads(Path(".chalice/config.json").read_text())
    seconds = config["stages"]["dev"]["lambda_functions"]["api_handler"]["lambda_timeout"]

    assert 0.8 * seconds >= 2 * aws.LONGEST_CALL
