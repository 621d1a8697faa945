"""An acknowledged event is stored in SNS or in the fallback queue, under any faults of SNS and SQS."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bidder import aws
from bidder.background_refresh import PATIENCE
from bidder.consumers.notices import publish_again
from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue, MessagesRefused
from bidder.events.kinds import Kind
from bidder.events.publisher import STEP_SECONDS, EventPublisher, EventsRefused
from bidder.service.traffic_counts import NAMES_PER_MESSAGE
from bidder.side_by_side import Late
from tests.support.events import event
from tests.support.log_lines import logged_lines
from tests.support.service import service

IMPORTS = 0.5
"""The allowed seconds for the import of boto3 by the first notice of a process: 0.3 s on a laptop."""
TOPIC, QUEUE = "arn:aws:sns:us-east-1:000000000000:bid-events", "http://sqs/notices"


class Broken(Exception):
    """The connection broke. The caller cannot know whether the call took effect."""


class Fake:
    """SNS and SQS in memory. A call may fail "before" or "after" it takes effect."""

    def __init__(self, *faults: str | None) -> None:
        self.faults = iter(faults)
        self.topic: list[str] = []
        self.queue: list[str] = []

    def _at(self, moment: str, fault: str | None) -> None:
        if fault == moment:
            raise Broken

    def publish(self, *, TopicArn: str, Message: str, **_: Any) -> None:  # noqa: N803
        assert TopicArn == TOPIC
        self._store(self.topic, [Message])

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert TopicArn == TOPIC
        assert 0 < len(PublishBatchRequestEntries) <= 10
        if sum(map(size, PublishBatchRequestEntries)) > 256 * 1024:
            raise ClientError({"Error": {"Code": "BatchRequestTooLong", "Message": ""}}, "PublishBatch")
        failure = next(self.faults, None)
        if failure == "refuse":
            self.topic += [entry["Message"] for entry in PublishBatchRequestEntries[1:]]
            return {"Failed": [{"Id": PublishBatchRequestEntries[0]["Id"]}]}
        self._store(self.topic, [entry["Message"] for entry in PublishBatchRequestEntries], failure)
        return {}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        assert QueueUrl == QUEUE
        self._store(self.queue, [MessageBody])

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == QUEUE
        assert 1 < len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        fault = next(self.faults, None)
        if fault == "refuse":
            self.queue += [entry["MessageBody"] for entry in Entries[1:]]
            return {"Failed": [{"Id": Entries[0]["Id"]}]}
        self._store(self.queue, [entry["MessageBody"] for entry in Entries], fault)
        return {}

    def _store(self, where: list[str], messages: list[str], fault: str | None = "ask") -> None:
        fault = next(self.faults, None) if fault == "ask" else fault
        self._at("before", fault)
        where += messages
        self._at("after", fault)


def size(entry: dict[str, Any]) -> int:
    """The bytes of a message by which SNS limits a call."""
    attributes = [name + value["DataType"] + value["StringValue"] for name, value in entry["MessageAttributes"].items()]
    return len("".join([entry["Message"], entry["Subject"], *attributes]).encode())


def publisher(fake: Fake) -> EventPublisher:
    return EventPublisher(fake, TOPIC, FallbackQueue(lambda: fake, QUEUE))  # type: ignore[arg-type,return-value]


def safe(fake: Fake) -> set[str]:
    return {Event.model_validate_json(text).bid_id for text in [*fake.topic, *fake.queue]}


FAULTS = st.lists(st.sampled_from([None, None, "before", "after"]), max_size=8)


@given(FAULTS)
def test_an_acknowledged_event_is_on_the_topic_or_in_the_fallback_queue(faults: list[str | None]) -> None:
    fake = Fake(*faults)
    acknowledged_ids = set()
    for number in range(4):
        try:
            publisher(fake).publish(event(number))
        except Broken:
            continue
        acknowledged_ids.add(f"bid-{number}")

    assert acknowledged_ids <= safe(fake)
    assert (acknowledged_ids == {f"bid-{n}" for n in range(4)}) or "before" in faults or "after" in faults


@given(st.lists(st.sampled_from([None, "before", "after", "refuse"]), max_size=6), st.integers(0, 25))
def test_acknowledged_events_of_a_batch_are_on_the_topic_or_in_the_fallback_queue(
    faults: list[str | None], count: int
) -> None:
    fake = Fake(*faults)
    events = [event(number) for number in range(count)]
    try:
        publisher(fake).publish_all(events)
    except (Broken, MessagesRefused):
        return

    assert {e.bid_id for e in events} == safe(fake)


def test_only_events_that_sns_refuses_go_to_the_fallback_queue() -> None:
    fake = Fake()
    publisher(fake).publish(event(1))
    assert (len(fake.topic), fake.queue) == (1, [])

    fake = Fake("before")
    publisher(fake).publish(event(1))
    assert (fake.topic, len(fake.queue)) == ([], 1)


def test_if_sns_and_sqs_fail_the_publisher_raises() -> None:
    with pytest.raises(Broken):
        publisher(Fake("before", "before")).publish(event(1))


def test_events_of_the_fallback_queue_are_published_later_and_refused_events_stay() -> None:
    fake = Fake("refuse")
    records = [{"messageId": f"m{n}", "body": event(n).model_dump_json()} for n in range(3)]
    records.append({"messageId": "poison", "body": "{}"})

    answer = publish_again(service(None, publisher=publisher(fake)), records)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["poison", "m0"]
    assert safe(fake) == {"bid-1", "bid-2"}


def counts_of_traffic(number: int, names: int) -> Event:
    traffic = {f"{number:03}-{'c' * 60}-{name}": (1_000_000, 1_000) for name in range(names)}
    return event(number, Kind.TRAFFIC, traffic=traffic)


@given(st.lists(st.sampled_from([1, 300, NAMES_PER_MESSAGE]), max_size=25))
def test_large_events_are_published_without_the_fallback_queue(names: list[int]) -> None:
    fake = Fake()
    events = [counts_of_traffic(number, count) for number, count in enumerate(names)]

    publisher(fake).publish_all(events)

    assert {Event.model_validate_json(text).bid_id for text in fake.topic} == {each.bid_id for each in events}
    assert fake.queue == []


def test_the_largest_message_of_traffic_is_within_the_limit() -> None:
    names = (f"{number:03}{'c' * 61}#{'d' * 191}" for number in range(NAMES_PER_MESSAGE))
    largest = event(1, Kind.TRAFFIC, traffic=dict.fromkeys(names, (999999999, 999999999)))

    fake = Fake()
    publisher(fake).publish_all([largest])

    assert len(fake.topic) == 1


def test_notices_that_wait_beside_large_events_are_published() -> None:
    """SQS delivers ten messages whose sum is beyond the limit of a call to SNS. A message beyond it fails alone."""
    events = [event(number) if number % 2 else counts_of_traffic(number, NAMES_PER_MESSAGE) for number in range(9)]
    events.append(counts_of_traffic(9, 4 * NAMES_PER_MESSAGE))
    fake = Fake()
    records = [{"messageId": each.bid_id, "body": each.model_dump_json()} for each in events]

    answer = publish_again(service(None, publisher=publisher(fake)), records)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["bid-9"]
    assert safe(fake) == {f"bid-{number}" for number in range(9)}


class Hanging(Fake):
    """An SNS that hangs until it is released, and an SQS that does if `queue_hangs`."""

    def __init__(self, *, queue_hangs: bool) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.queue_hangs = queue_hangs

    def publish(self, **request: Any) -> None:
        assert self.let_go.wait(30)
        super().publish(**request)

    def publish_batch(self, **request: Any) -> dict[str, Any]:
        assert self.let_go.wait(30)
        return super().publish_batch(**request)

    def send_message(self, **request: Any) -> None:
        assert not self.queue_hangs or self.let_go.wait(30)
        super().send_message(**request)

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        assert not self.queue_hangs or self.let_go.wait(30)
        return super().send_message_batch(**request)


@pytest.mark.parametrize("count", [1, 50])
def test_events_on_which_sns_hangs_go_to_the_fallback_queue_in_parallel(count: int) -> None:
    fake = Hanging(queue_hangs=False)
    events = [event(number) for number in range(count)]
    result = EventPublisher(fake, TOPIC, FallbackQueue(lambda: fake, QUEUE), step_seconds=0.1)  # type: ignore[arg-type,return-value]

    result.publish_all(events) if count > 1 else result.publish(events[0])

    assert not fake.let_go.is_set(), "nobody waited for SNS"
    assert (fake.topic, safe(fake)) == ([], {e.bid_id for e in events})
    fake.let_go.set()


@pytest.mark.parametrize("count", [1, 50])
def test_if_sns_and_sqs_hang_the_publisher_raises_in_time(count: int) -> None:
    fake = Hanging(queue_hangs=True)
    events = [event(number) for number in range(count)]
    result = EventPublisher(fake, TOPIC, FallbackQueue(lambda: fake, QUEUE), step_seconds=0.1)  # type: ignore[arg-type,return-value]

    with pytest.raises(Late):
        result.publish_all(events) if count > 1 else result.publish(events[0])

    assert not fake.let_go.is_set(), "nobody waited for either"
    fake.let_go.set()


def test_a_notice_is_answered_before_the_time_limit_of_the_function() -> None:
    config = json.loads(Path(".chalice/config.json").read_text())
    seconds = config["stages"]["dev"]["lambda_functions"]["api_handler"]["lambda_timeout"]

    assert PATIENCE + 2 * STEP_SECONDS + IMPORTS <= 8 <= 0.8 * seconds


def test_a_call_without_a_response_times_out_before_the_publisher_gives_up() -> None:
    """The log then names the failed call in nearly all cases."""
    assert aws.ATTEMPTS * aws.READ_SECONDS + (aws.ATTEMPTS - 1) * aws.LONGEST_PAUSE < STEP_SECONDS


def fallback_lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """The reason and the event kind of each log line about the fallback queue."""
    entries = [entry for entry in logged_lines(caplog, "notice.fallback") if entry.get("NoticeFallback") == 1]
    return [(entry["Reason"], entry["kind"]) for entry in entries if entry["kind"] in {"mute", "pause"}]


def test_each_event_in_the_fallback_queue_is_counted_by_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    publisher(Fake("before")).publish(event(1, Kind.MUTE))
    assert fallback_lines(caplog) == [("Broken", "mute")]

    caplog.clear()
    publisher(Fake("refuse")).publish_all([event(1, Kind.MUTE), event(2, Kind.PAUSE)])
    assert fallback_lines(caplog) == [("refused", "mute")]

    caplog.clear()
    publisher(Fake("before")).publish_all([event(1, Kind.MUTE), event(2, Kind.PAUSE)])
    assert fallback_lines(caplog) == [("Broken", "mute"), ("Broken", "pause")]


def test_without_a_fallback_queue_the_error_of_sns_is_raised() -> None:
    with pytest.raises(Broken):
        EventPublisher(Fake("before"), TOPIC).publish(event(1))  # type: ignore[arg-type]
    with pytest.raises(EventsRefused, match="SNS refused 1 of 3 events"):
        EventPublisher(Fake("refuse"), TOPIC).publish_all([event(n) for n in range(3)])  # type: ignore[arg-type]
    EventPublisher(Fake(), TOPIC).publish_all([])  # type: ignore[arg-type]


def test_the_error_has_the_number_of_events_that_sqs_refused() -> None:
    with pytest.raises(MessagesRefused, match="SQS refused 1 of 4 events"):
        FallbackQueue(lambda: Fake("refuse"), QUEUE).put([event(n) for n in range(4)], "x")  # type: ignore[arg-type,return-value]


def test_a_message_has_a_subject_and_a_body_without_absent_fields() -> None:
    sent_items: list[dict[str, Any]] = []
    fake = Fake()
    fake.publish = lambda **named: sent_items.append(named)  # type: ignore[method-assign]
    publisher(fake).publish(event(1, Kind.CLICK))

    assert sent_items[0]["Subject"] == "bid click"
    assert None not in json.loads(sent_items[0]["Message"]).values()
    assert sent_items[0]["MessageAttributes"]["kind"] == {"DataType": "String", "StringValue": "click"}
