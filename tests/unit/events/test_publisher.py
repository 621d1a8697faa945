"""An event that was answered with success is safe, whatever SNS and SQS do."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder import aws
from bidder.background_refresh import PATIENCE
from bidder.consumers.notices import publish_again
from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue, NotTaken
from bidder.events.kinds import Kind
from bidder.events.publisher import STEP_SECONDS, EventPublisher, EventsRefused
from bidder.side_by_side import Late
from tests.support.events import event
from tests.support.log_lines import logged
from tests.support.service import service

IMPORTS = 0.5
"""Seconds that the first notice of a process waits for boto3: 0.3 s on a laptop."""
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

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == QUEUE
        assert 1 < len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        fault = next(self.faults, None)
        if fault == "refuse":
            self.queue += [entry["MessageBody"] for entry in Entries[1:]]
            return {"Failed": [{"Id": Entries[0]["Id"]}]}
        self._took(self.queue, [entry["MessageBody"] for entry in Entries], fault)
        return {}

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
    except (Broken, NotTaken):
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


class Hanging(Fake):
    """SNS hangs until it is let go; so does SQS where `queue_hangs`."""

    def __init__(self, *, queue_hangs: bool) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.queue_hangs = queue_hangs

    def publish(self, **requested: Any) -> None:
        assert self.let_go.wait(30)
        super().publish(**requested)

    def publish_batch(self, **requested: Any) -> dict[str, Any]:
        assert self.let_go.wait(30)
        return super().publish_batch(**requested)

    def send_message(self, **requested: Any) -> None:
        assert not self.queue_hangs or self.let_go.wait(30)
        super().send_message(**requested)

    def send_message_batch(self, **requested: Any) -> dict[str, Any]:
        assert not self.queue_hangs or self.let_go.wait(30)
        return super().send_message_batch(**requested)


@pytest.mark.parametrize("count", [1, 50])
def test_events_that_sns_hangs_on_are_put_aside_side_by_side(count: int) -> None:
    fake = Hanging(queue_hangs=False)
    events = [event(number) for number in range(count)]
    result = EventPublisher(fake, TOPIC, FallbackQueue(lambda: fake, QUEUE), step_seconds=0.1)  # type: ignore[arg-type,return-value]

    result.publish_all(events) if count > 1 else result.publish(events[0])

    assert not fake.let_go.is_set(), "nobody waited for SNS"
    assert (fake.topic, safe(fake)) == ([], {e.bid_id for e in events})
    fake.let_go.set()


@pytest.mark.parametrize("count", [1, 50])
def test_where_both_hang_the_sender_hears_so_in_time(count: int) -> None:
    fake = Hanging(queue_hangs=True)
    events = [event(number) for number in range(count)]
    result = EventPublisher(fake, TOPIC, FallbackQueue(lambda: fake, QUEUE), step_seconds=0.1)  # type: ignore[arg-type,return-value]

    with pytest.raises(Late):
        result.publish_all(events) if count > 1 else result.publish(events[0])

    assert not fake.let_go.is_set(), "nobody waited for either"
    fake.let_go.set()


def test_a_notice_is_answered_while_the_function_still_runs() -> None:
    config = json.loads(Path(".chalice/config.json").read_text())
    seconds = config["stages"]["dev"]["lambda_functions"]["api_handler"]["lambda_timeout"]

    assert PATIENCE + 2 * STEP_SECONDS + IMPORTS <= 8 <= 0.8 * seconds


def test_a_call_that_hangs_without_a_byte_fails_before_it_is_given_up() -> None:
    """So the log names what failed, in all but the rarest cases."""
    assert aws.ATTEMPTS * aws.READ_SECONDS + (aws.ATTEMPTS - 1) * aws.LONGEST_PAUSE < STEP_SECONDS


def aside(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """The reason and the kind of each event of the test below that a log line counts as put aside."""
    entries = [entry for entry in logged(caplog, "notice.aside") if entry.get("NoticeAside") == 1]
    return [(entry["Reason"], entry["kind"]) for entry in entries if entry["kind"] in {"mute", "pause"}]


def test_each_event_that_goes_aside_is_counted_by_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    publisher(Fake("before")).publish(event(1, Kind.MUTE))
    assert aside(caplog) == [("Broken", "mute")]

    caplog.clear()
    publisher(Fake("refuse")).publish_all([event(1, Kind.MUTE), event(2, Kind.PAUSE)])
    assert aside(caplog) == [("refused", "mute")]

    caplog.clear()
    publisher(Fake("before")).publish_all([event(1, Kind.MUTE), event(2, Kind.PAUSE)])
    assert aside(caplog) == [("Broken", "mute"), ("Broken", "pause")]


def test_without_a_fallback_queue_the_sender_hears_what_sns_said() -> None:
    with pytest.raises(Broken):
        EventPublisher(Fake("before"), TOPIC).publish(event(1))  # type: ignore[arg-type]
    with pytest.raises(EventsRefused, match="SNS refused 1 of 3 events"):
        EventPublisher(Fake("refuse"), TOPIC).publish_all([event(n) for n in range(3)])  # type: ignore[arg-type]
    EventPublisher(Fake(), TOPIC).publish_all([])  # type: ignore[arg-type]


def test_what_sqs_does_not_take_is_told_with_its_number() -> None:
    with pytest.raises(NotTaken, match="SQS refused 1 of 4 events"):
        FallbackQueue(lambda: Fake("refuse"), QUEUE).put([event(n) for n in range(4)], "x")  # type: ignore[arg-type,return-value]


def test_an_event_has_a_subject_and_a_body_without_what_it_does_not_say() -> None:
    sent: list[dict[str, Any]] = []
    fake = Fake()
    fake.publish = lambda **named: sent.append(named)  # type: ignore[method-assign]
    publisher(fake).publish(event(1, Kind.CLICK))

    assert sent[0]["Subject"] == "bid click"
    assert None not in json.loads(sent[0]["Message"]).values()
    assert sent[0]["MessageAttributes"]["kind"] == {"DataType": "String", "StringValue": "click"}
