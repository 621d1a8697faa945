"""Bounds of events, each tested at its limit."""

from datetime import timedelta

import pytest

from bidder.events.counted_once import MARKER_LIFETIME
from bidder.events.frequency import Frequency
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from bidder.events.markup_form import MarkupForm, decode_form, encode_form
from bidder.events.traffic_log import COMPLETE, TrafficLog
from tests.support.account import mocked_account
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event

MINUTE = int(NOW.timestamp()) // 60 * 60


def test_the_marker_of_an_impression_outlives_its_repeats() -> None:
    dynamodb = FaultyDynamoDB("frequency")
    Frequency(dynamodb.client, "frequency").record([event(1, user="anna")])

    [marker] = [item for (pk, _), item in dynamodb.items().items() if pk == "bid#bid-1"]
    assert int(marker["expires_at"]["N"]) == int((NOW + MARKER_LIFETIME).timestamp())


def test_a_confirmed_bid_is_marked_as_both() -> None:
    dynamodb = FaultyDynamoDB("learning")
    learning = Learning(dynamodb.client, "learning")
    learning.record([event(1, Kind.IMPRESSION), event(1, Kind.FIRST_QUARTILE)])

    assert ("bid#bid-1", "both") in dynamodb.items()


@pytest.mark.parametrize("form", [MarkupForm(7, 5.0, (0,), (), has_omid=True), MarkupForm(7)], ids=["omid", "plain"])
def test_a_markup_form_is_read_back(form: MarkupForm) -> None:
    assert decode_form(encode_form(form)) == form


@pytest.mark.parametrize("skip", ["x", "-5", "1e3"])
def test_an_invalid_skip_offset_is_none(skip: str) -> None:
    word = encode_form(MarkupForm(7, 5.0)).replace("5", skip, 1)

    form = decode_form(word)
    assert form is None or form.skip_offset is None


def test_an_event_is_published_with_the_attributes_of_filter_policies() -> None:
    with mocked_account() as account:
        queue = account.queues["ledger"]
        arn = account.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        account.sns.subscribe(
            TopicArn=account.settings.events_topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true", "FilterPolicy": '{"kind": ["impression"]}'},
        )
        publisher = account.service().publisher
        publisher.publish_all([event(1, Kind.IMPRESSION), event(1, Kind.WIN)])
        publisher.publish(event(2, Kind.IMPRESSION))

        assert account.waiting("ledger") == 2


@pytest.mark.parametrize(("seconds", "processes"), [(-1, 1), (0, 2)])
def test_processes_are_counted_once_a_minute_is_complete(seconds: int, processes: int) -> None:
    log = TrafficLog(FaultyDynamoDB("learning").client, "learning")
    for name in ("a", "b"):
        at = NOW - timedelta(seconds=int(NOW.timestamp()) % 60)
        log.record([event(f"{name}-t1", Kind.TRAFFIC, at=at, count=10, traffic={"c": (1, 1)})])

    assert log.read(MINUTE + 60 + COMPLETE + seconds).processes == processes
