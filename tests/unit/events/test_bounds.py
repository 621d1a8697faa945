"""Events and exchanges at the bounds of their fields, with literal expected values."""

from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any
from zlib import crc32

import pytest
from pydantic import ValidationError

from bidder.delivery.budget import Spend
from bidder.endpoints.call import exchange_name
from bidder.events.archive import Archive, archive_objects
from bidder.events.event import Event
from bidder.events.exchange import Exchange, Exchanges
from bidder.events.kinds import Kind
from bidder.events.ledger import spend_of
from bidder.events.price_keys import ExchangeKeys, decode_base64, vector_of
from bidder.events.traffic_log import TrafficLog
from bidder.openrtb.parse import InvalidRequest
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.fake_s3 import FakeS3
from tests.support.prices import sent, vector


@pytest.mark.parametrize("name", ["a" * 32, "Ad-X_9", "-", "_"])
def test_a_valid_exchange_name_is_unchanged(name: str) -> None:
    assert exchange_name(name) == name
    assert Exchanges.model_validate({name: {"billed_by": "bill"}}).billed_by_notice() == {name}


@pytest.mark.parametrize("name", ["a" * 33, "ä", "a b", "a/b", "a.b"])
def test_an_invalid_exchange_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"\?exchange"):
        exchange_name(name)
    with pytest.raises(ValidationError):
        Exchanges.model_validate({name: {}})


def test_an_unnamed_exchange_has_the_default_terms() -> None:
    exchanges = Exchanges.model_validate({"adx": {"billed_by": "bill", "first_price_discount": "0.25"}})

    assert exchange_name(None) is exchange_name("") is None
    for usual in (exchanges.agreement_with(None), exchanges.agreement_with(""), exchanges.agreement_with("other")):
        assert usual == Exchange()
    assert exchanges.agreement_with("adx").billed_by is Kind.BILL
    assert Exchange().billed_by is Kind.IMPRESSION


@pytest.mark.parametrize(
    ("discount", "bid", "charged", "is_first_price", "least"),
    [
        ({}, 1_000_003, 0, True, 900_002),
        ({}, 1_000_003, 0, False, 100_000),
        ({}, 1_000_000, 900_001, True, 900_001),
        ({"first_price_discount": "0"}, 1_000_003, 0, True, 1_000_003),
        ({"second_price_discount": "1"}, 1_000_003, 0, False, 0),
        ({"first_price_discount": "0.333"}, 1_000_000, 0, True, 667_000),
    ],
)
def test_a_price_is_credible_down_to_the_agreed_share(
    discount: dict[str, str], bid: int, charged: int, is_first_price: bool, least: int
) -> None:
    exchange = Exchange.model_validate(discount)

    assert exchange.lowest_credible_price(bid, charged, is_first_price=is_first_price) == least


@pytest.mark.parametrize("discount", ["-0.1", "1.1"])
def test_a_discount_is_a_share(discount: str) -> None:
    for name in ("first_price_discount", "second_price_discount"):
        with pytest.raises(ValidationError):
            Exchange.model_validate({name: discount})


def test_an_initialization_vector_has_the_time_of_encryption() -> None:
    at = datetime(2026, 11, 23, 12, 34, 56, 789_012, tzinfo=UTC)
    text = sent(5_000_000, vector(at, server=7))

    assert vector_of(text) == (urlsafe_b64encode(vector(at, server=7)).decode().rstrip("="), at)


@pytest.mark.parametrize(("length", "is_taken"), [(15, False), (16, True)])
def test_a_price_key_has_at_least_sixteen_bytes(length: int, is_taken: bool) -> None:
    key = urlsafe_b64encode(bytes(length)).decode()
    for name in ("encryption", "integrity"):
        document = {"encryption": "A" * 43, "integrity": "A" * 43, name: key}
        if is_taken:
            assert "AAAA" not in repr(ExchangeKeys.model_validate(document))
        else:
            with pytest.raises(ValidationError):
                ExchangeKeys.model_validate(document)


def attributes(made: Event) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in made.attributes().items()}


def test_the_attributes_that_queues_filter_by() -> None:
    tested = event(
        1,
        Kind.LOSS,
        advertiser="shop.example",
        deal_id="d",
        country="USA",
        exchange="adx",
        loss_reason=102,
        invalid="crawler",
        user="anna",
        household="home",
        test=True,
    )

    assert attributes(tested) == {
        "kind": "loss",
        "campaign": "c1",
        "advertiser": "shop.example",
        "test": "true",
        "deal": "d",
        "country": "USA",
        "exchange": "adx",
        "loss": "outbid",
        "invalid": "crawler",
        "user": "anna",
    }
    assert attributes(event(1, household="home")) == {
        "kind": "impression",
        "campaign": "c1",
        "test": "false",
        "user": "home",
    }
    assert all(value["DataType"] == "String" for value in tested.attributes().values())


@pytest.mark.parametrize(
    "change",
    [
        {"bid_id": ""},
        {"campaign_id": ""},
        {"bid_price_micros": -1},
        {"price_micros": -1},
        {"count": 0},
        {"version": 2},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001  as a sender without a zone writes it
    ],
)
def test_an_invalid_event_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        event(1, **change)
    assert event(1, bid_price_micros=0, price_micros=0, count=1, creative_id="").creative_id == ""


def test_the_key_and_the_lines_of_an_archive_object() -> None:
    s3 = FakeS3()
    archive = Archive(s3, "archive")  # type: ignore[arg-type]
    put: list[dict[str, Any]] = []
    original = s3.put_object
    s3.put_object = lambda **named: (put.append(named), original(**named))[1]  # type: ignore[method-assign]
    at = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    [archived] = archive_objects({"m2": event(2, at=at), "m1": event(1, at=at)})
    archive.put(archived)

    assert put[0]["Body"][4:8] == bytes(4), "equal events are equal bytes, whenever they are written"
    assert put[0]["ContentType"] == "application/gzip"
    assert put[0]["Key"] == archived.key == f"events/kind=impression/hour=2026-11-22-23/{archived.key[-41:]}"
    name = blake2b(b"m1\nm2", digest_size=16).hexdigest()
    assert archived.key.endswith(f"/{name}.jsonl.gz"), "another version overwrites the same objects"
    assert archived.message_ids == ("m1", "m2")
    assert [read.bid_id for read in archive.read(archived.key)] == ["bid-1", "bid-2"]
    assert archive.keys(date(2026, 11, 22), [Kind.IMPRESSION]) == archive.keys(date(2026, 11, 22)) == [archived.key]
    assert archive.keys(date(2026, 11, 22), [Kind.CLICK]) == archive.keys(date(2026, 11, 23)) == []


def test_the_spend_of_a_campaign_is_read_from_its_counters() -> None:
    total = {"micros": 9, "impressions": 8}
    day = {"micros": 7, "impressions": 6, "hour#12": 5, "hour#13": 4, "delay#10": 1, "delay#2": 3, "shown#12": 2}

    spend = spend_of(total, day, datetime(2026, 11, 23, 12, 59, tzinfo=UTC))

    assert spend == Spend(9, 7, 5, 8, 6, ((2, 3), (10, 1)))
    assert spend_of({}, {}, datetime(2026, 11, 23, 12, tzinfo=UTC)) == Spend()


def test_counts_of_many_campaigns_are_written_in_several_items() -> None:
    dynamodb = FaultyDynamoDB("learning")
    sizes: list[int] = []
    dynamodb.client.meta.events.register(
        "provide-client-params.dynamodb.UpdateItem",
        lambda params, **_: sizes.append(len(params["ExpressionAttributeNames"])),
    )
    log = TrafficLog(dynamodb.client, "learning")
    in_one_group = (f"c{number}" for number in range(10**6) if crc32(f"c{number}".encode()) % 64 == 0)
    names = dict.fromkeys(islice(in_one_group, 101), (1, 1))
    other = event(1)
    log.record([other, event("p", Kind.TRAFFIC, at=NOW, count=3, traffic=names)])

    assert sorted(sizes) == [1, 2, 100]
    minute = int(NOW.timestamp()) // 60 * 60
    assert len(log.read(minute + 60).reports) == len(names)


def test_a_report_without_requests_counts_none() -> None:
    log = TrafficLog(FaultyDynamoDB("learning").client, "learning")
    log.record([event("p", Kind.TRAFFIC, at=NOW, traffic={"c": (1, 1)}), event("q", Kind.TRAFFIC, at=NOW, count=3)])
    log.record([event("r", Kind.TRAFFIC, at=NOW, count=3, traffic={"c": (4, 2)})])

    traffic = log.read(int(NOW.timestamp()) // 60 * 60 + 120)

    assert (traffic.requests, traffic.processes) == (3, 1)
    empty = log.read(int(NOW.timestamp()) + 10_000)
    assert (empty.requests, empty.processes, dict(empty.reports)) == (0, 1, {})
    assert [tuple(report) for report in traffic.reports["c"].values()] == [(5, 3)]


@pytest.mark.parametrize(("seconds", "is_read"), [(-1, False), (59, False), (60, True), (359, True), (360, False)])
def test_minutes_are_read_for_the_window_of_pacing(seconds: int, is_read: bool) -> None:
    log = TrafficLog(FaultyDynamoDB("learning").client, "learning")
    log.record([event("p", Kind.TRAFFIC, at=NOW, count=3, traffic={"c": (1, 1)})])
    minute = int(NOW.timestamp()) // 60 * 60

    assert bool(log.read(minute + seconds).reports) == is_read


@pytest.mark.parametrize(
    ("text", "data"),
    [("XXXX", b"]u\xd7"), ("XXXX====", b"]u\xd7"), ("YWI", b"ab"), ("YWI=", b"ab"), ("-_ +", b"\xfb\xff\xbe")],
)
def test_base64_is_read_with_and_without_padding(text: str, data: bytes) -> None:
    assert decode_base64(text) == data
