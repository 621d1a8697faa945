"""Events and their parts at the edges of what they may say, with values written out."""

import hmac
import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import shake_256
from itertools import islice
from typing import Any
from urllib.parse import quote
from zlib import crc32

import pytest
from pydantic import ValidationError

from bidder.delivery.budget import Spend
from bidder.events.address import address_name
from bidder.events.advertiser_spend import days_needed, spend_of_advertiser
from bidder.events.archive import Archive, archive_objects
from bidder.events.bounded_sets import BoundedSets
from bidder.events.claims import Claims, decode, encode
from bidder.events.crawlers import is_crawler
from bidder.events.event import Event, make_event
from bidder.events.exchange import Exchange, Exchanges, exchange_name
from bidder.events.ivt_filter import IvtFilter
from bidder.events.ivt_rules import SaleHistory, broken_rule
from bidder.events.ivt_suspects import in_crowded_minutes, reported_from_many_addresses, sharing_a_price
from bidder.events.key_rotation import OLD_KEY_KEPT, RotationStep, after_step, due_at
from bidder.events.kinds import NOTICES, Kind, notice_kind
from bidder.events.ledger import Ledger, Numbers, spend_of
from bidder.events.markup_form import MarkupForm, read, written
from bidder.events.price_keys import ExchangeKeys, decoded, vector_of
from bidder.events.token import InvalidToken, SigningKeys, TokenError, Tokens, plain, sign, signed_target, verify
from bidder.events.traffic_log import TrafficLog
from bidder.events.urls import EventUrls
from bidder.openrtb.invalid_request import InvalidRequest
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.fake_s3 import FakeS3
from tests.support.prices import sent, vector

KEYS = SigningKeys(current="k1", keys={"k1": "A" * 43})
SECRET = bytes(32)
CLAIMS = Claims("bid", "campaign", "creative", 5_000_000, int(NOW.timestamp()), False, "deal", "USA", "adx")


@pytest.mark.parametrize(
    ("form", "word"),
    [
        (MarkupForm(7, 5.5, (0, 2), ((0, None), (3, 1)), has_omid=True), "7_5.5_0.2_0.3v1_o"),
        (MarkupForm(7, 5.0), "7_5"),
        (MarkupForm(14), "14"),
        (MarkupForm(7, media=(1,)), "7__1"),
        (MarkupForm(7, has_omid=True), "7____o"),
    ],
)
def test_the_form_of_a_markup_in_the_win_notices_that_are_out(form: MarkupForm, word: str) -> None:
    assert written(form) == word
    assert read(word) == form


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("", None),
        ("x", None),
        ("-7", None),
        ("\u0667", None),
        ("9999", MarkupForm(9999)),
        ("10000", None),
        ("7____x", None),
        ("7____o_", MarkupForm(7, has_omid=True)),
        ("7____o_x", None),
        ("7____o___x", None),
        ("7_5.5.5", MarkupForm(7)),
        ("7__1.x", None),
        ("7___1v", MarkupForm(7, companions=((1, None),))),
        ("7___1vx", None),
        ("7__" + ".".join(["1"] * 99), MarkupForm(7, media=(1,) * 99)),
        ("17__" + ".".join(["1"] * 97) + ".12", MarkupForm(17, media=(*(1,) * 97, 12))),
        ("7__" + ".".join(["1"] * 98) + ".12", None),
    ],
)
def test_a_form_of_anybody_is_read_or_refused(word: str, form: MarkupForm | None) -> None:
    assert read(word) == form


@pytest.mark.parametrize("name", ["a" * 32, "Ad-X_9", "-", "_"])
def test_a_name_of_an_exchange_is_taken_as_it_is(name: str) -> None:
    assert exchange_name(name) == name
    assert Exchanges.model_validate({name: {"billed_by": "bill"}}).billed_by_notice() == {name}


@pytest.mark.parametrize("name", ["a" * 33, "ä", "a b", "a/b", "a.b"])
def test_any_other_name_of_an_exchange_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"\?exchange"):
        exchange_name(name)
    with pytest.raises(ValidationError):
        Exchanges.model_validate({name: {}})


def test_an_exchange_without_a_name_has_the_usual_agreement() -> None:
    exchanges = Exchanges.model_validate({"adx": {"billed_by": "bill", "first_price_discount": "0.25"}})

    assert exchange_name(None) is exchange_name("") is None
    for usual in (exchanges.of(None), exchanges.of(""), exchanges.of("other")):
        assert usual == Exchange()
    assert exchanges.of("adx").billed_by is Kind.BILL
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
def test_a_price_is_credible_down_to_what_was_agreed(
    discount: dict[str, str], bid: int, charged: int, is_first_price: bool, least: int
) -> None:
    exchange = Exchange.model_validate(discount)

    assert exchange.least_credible(bid, charged, is_first_price=is_first_price) == least


@pytest.mark.parametrize("discount", ["-0.1", "1.1"])
def test_a_discount_is_a_share(discount: str) -> None:
    for name in ("first_price_discount", "second_price_discount"):
        with pytest.raises(ValidationError):
            Exchange.model_validate({name: discount})


def test_the_vector_of_a_price_says_when_it_was_encrypted() -> None:
    at = datetime(2026, 11, 23, 12, 34, 56, 789_012, tzinfo=UTC)
    text = sent(5_000_000, vector(at, server=7))

    assert vector_of(text) == (urlsafe_b64encode(vector(at, server=7)).decode().rstrip("="), at)


@pytest.mark.parametrize(("length", "is_taken"), [(15, False), (16, True)])
def test_a_key_of_an_exchange_has_sixteen_bytes(length: int, is_taken: bool) -> None:
    key = urlsafe_b64encode(bytes(length)).decode()
    for name in ("encryption", "integrity"):
        document = {"encryption": "A" * 43, "integrity": "A" * 43, name: key}
        if is_taken:
            assert "AAAA" not in repr(ExchangeKeys.model_validate(document))
        else:
            with pytest.raises(ValidationError):
                ExchangeKeys.model_validate(document)


@pytest.mark.parametrize(("length", "is_taken"), [(15, False), (16, True)])
def test_a_signing_key_has_sixteen_bytes(length: int, is_taken: bool) -> None:
    key = urlsafe_b64encode(bytes(length)).decode().rstrip("=")
    for document in (
        {"current": "k", "keys": {"k": key}},
        {"current": "k", "keys": {"k": "A" * 43}, "viewers": key},
    ):
        if is_taken:
            assert SigningKeys.model_validate(document).current == "k"
        else:
            with pytest.raises(ValidationError, match="16 bytes"):
                SigningKeys.model_validate(document)


def test_viewers_keep_their_names_by_a_key_of_their_own() -> None:
    other = SigningKeys(current="k1", keys={"k1": "A" * 43}, viewers="B" * 43)

    assert KEYS.viewer_secret == SECRET
    assert other.viewer_secret == urlsafe_b64decode("B" * 43 + "=")
    assert "BBBB" not in repr(other)
    assert (KEYS.secret("k1"), KEYS.secret("k2")) == (SECRET, None)
    assert SigningKeys(current="a" * 8, keys={"a" * 8: "A" * 43}).current == "a" * 8


def test_claims_of_any_text_are_signed() -> None:
    assert len(Tokens("\udcff", KEYS).of(Kind.CLICK).rpartition(".")[2]) == 20


@pytest.mark.parametrize(
    ("text", "data"),
    [("XXXX", b"]u\xd7"), ("XXXX====", b"]u\xd7"), ("YWI", b"ab"), ("YWI=", b"ab"), ("-_ +", b"\xfb\xff\xbe")],
)
def test_base64_is_read_with_and_without_padding(text: str, data: bytes) -> None:
    assert decoded(text) == data


def test_the_signatures_of_the_tokens_that_are_out() -> None:
    tokens = Tokens("claims", KEYS)
    digest = hmac.digest(SECRET, b"bid\nk1.claims", "sha256")
    letters = urlsafe_b64encode(shake_256(digest).digest(15 * len(NOTICES))).decode()

    urls = tokens.urls("https://bid.example")
    for number, kind in enumerate(NOTICES):
        token = f"k1.claims.{letters[20 * number : 20 * number + 20]}"
        assert tokens.of(kind) == token
        assert urls[kind] == f"https://bid.example/e/{kind.value}/{token}"
    assert list(urls) == list(NOTICES)


def test_a_token_is_read_behind_three_proxies_that_escape_it() -> None:
    written_once = "k1.%7Ecl-a_ims%7E%2Esig"
    for encodings, escaped in enumerate(("k1.~cl-a_ims~.sig", written_once, quote(written_once)), 0):
        assert plain(escaped) == "k1.~cl-a_ims~.sig", encodings
    assert plain(quote(quote(written_once))) == "k1.~cl-a_ims~.sig"
    assert plain(quote(quote(quote(written_once)))) == written_once
    assert plain(" k1.a+b c/d= ") == "k1.a-b-c_d"
    assert plain("k1.a%2Bb%20c") == "k1.a-b-c"


@pytest.mark.parametrize(("seconds", "is_valid"), [(-61, False), (-60, True), (75 * 60, True), (75 * 60 + 1, False)])
def test_a_token_is_valid_from_a_minute_before_its_bid(seconds: int, is_valid: bool) -> None:
    text = Tokens(encode(CLAIMS), KEYS).of(Kind.CLICK)
    now = NOW.replace(microsecond=0) + timedelta(seconds=seconds)

    if is_valid:
        assert verify(Kind.CLICK, text, KEYS, now) == CLAIMS
    else:
        with pytest.raises(InvalidToken) as told:
            verify(Kind.CLICK, text, KEYS, now)
        assert told.value.reason == ("early" if seconds < 0 else "expired")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "malformed"),
        ("k1.claims", "malformed"),
        ("k9.claims.x", "unknown-key"),
        ("k1.claims.x", "signature"),
        ("k1.claims.\udcff", "signature"),
        (sign(Kind.CLICK, "no-claims", KEYS), "claims"),
        (sign(Kind.START, encode(CLAIMS), KEYS), "signature"),
        (sign(Kind.CLICK, encode(CLAIMS), KEYS, "https://shop.example/"), "signature"),
    ],
)
def test_a_token_is_refused_with_its_reason_in_metrics(text: str, reason: str) -> None:
    with pytest.raises(InvalidToken) as told:
        verify(Kind.CLICK, text, KEYS, NOW)

    assert told.value.reason.value == reason
    assert str(told.value)
    assert TokenError.KIND.value == "unknown-kind"


@pytest.mark.parametrize(
    "target", ["https://shop.example/a b?c=d+e", "https://shop.example/ä", "https://shop.example/%41"]
)
def test_a_target_is_found_behind_two_proxies_that_escape_it(target: str) -> None:
    signed = sign(Kind.CLICK, encode(CLAIMS), KEYS, target)
    spelled = target
    for encodings in range(4):
        assert (signed_target(Kind.CLICK, signed, KEYS, spelled) == target) == (encodings <= 2)
        spelled = quote(spelled, safe="")
    plus = "https://shop.example/a+b"
    assert signed_target(Kind.CLICK, sign(Kind.CLICK, "c", KEYS, plus), KEYS, "https://shop.example/a b") == plus
    blank = "https://shop.example/a%20b"
    assert signed_target(Kind.CLICK, sign(Kind.CLICK, "c", KEYS, blank), KEYS, plus) == blank
    assert signed_target(Kind.CLICK, "k9.claims.x", KEYS, "https://shop.example/") == "https://shop.example/"


def test_an_address_has_the_name_of_its_bid() -> None:
    digest = hmac.digest(SECRET, b"address\nbid\n192.0.2.1", "sha256")

    assert address_name("192.0.2.1", "bid", KEYS) == urlsafe_b64encode(digest[:8]).decode().rstrip("=")
    assert len(address_name("\udcff", "bid", KEYS) or "") == 11
    assert address_name(None, "bid", KEYS) is address_name("", "bid", KEYS) is None


@pytest.mark.parametrize("kind", Kind)
def test_only_notices_have_urls(kind: Kind) -> None:
    if kind in {Kind.BIDS, Kind.TRAFFIC}:
        with pytest.raises(ValueError, match="not a notice"):
            notice_kind(kind.value)
    else:
        assert notice_kind(kind.value) is kind


def test_the_claims_of_the_tokens_that_are_out() -> None:
    full = CLAIMS._replace(
        rate=Decimal("61.3425"),
        advertiser="shop.example",
        zone="Europe/Berlin",
        user="AbC",
        billed_by=Kind.BILL,
        least_micros=4_500_000,
        minutes=90,
        device=3,
        household="home",
        placement=2,
        value_micros=6_000_000,
    )
    text = encode(full)

    assert decode(text) == full
    parts = text.split("~")
    assert len(parts) == 18
    assert parts[3:6] == ["4c4b40", f"{CLAIMS.issued:x}", "D"]
    assert parts[13] == "b"
    assert encode(CLAIMS).count("~") == 8
    assert decode(encode(CLAIMS)) == CLAIMS
    assert encode(CLAIMS._replace(test=True, device=3)).split("~")[5] == "1"


@pytest.mark.parametrize(
    ("least", "read_back"), [(0, 0), (-5, 0), (1, 1), (2**30 - 1, 2**30 - 1), (2**30 + 2**13, 2**30)]
)
def test_the_least_credible_price_is_exact_up_to_a_thousand(least: int, read_back: int) -> None:
    assert decode(encode(CLAIMS._replace(least_micros=least))).least_micros == read_back


@pytest.mark.parametrize(("device", "told"), [(None, None), (0, None), (1, None), (2, 2), (31, 31), (32, None)])
def test_a_device_type_is_one_letter_of_a_token(device: int | None, told: int | None) -> None:
    read_back = decode(encode(CLAIMS._replace(device=device)))

    assert read_back.device == told or device == 1
    assert not read_back.test or device is None


def attributes(made: Event) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in made.attributes().items()}


def test_the_attributes_that_queues_filter_by() -> None:
    made = event(
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

    assert attributes(made) == {
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
    assert all(value["DataType"] == "String" for value in made.attributes().values())


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
def test_what_is_no_event_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        event(1, **change)
    assert event(1, bid_price_micros=0, price_micros=0, count=1, creative_id="").creative_id == ""


def test_a_notice_becomes_an_event_of_its_bid() -> None:
    claims = CLAIMS._replace(advertiser="shop.example", zone="Asia/Tokyo", user="anna", household="home", device=3)
    late = NOW + timedelta(minutes=2)
    made = make_event(Kind.LOSS, claims, {"p": "4.9", "r": "102", "c": "303"}, late, address="a", invalid="crawler")

    expected = {
        "kind": "loss",
        "bid_id": "bid",
        "campaign_id": "campaign",
        "creative_id": "creative",
        "bid_price_micros": 5_000_000,
        "price_micros": 4_900_000,
        "bid_at": NOW,
        "at": late,
        "deal_id": "deal",
        "country": "USA",
        "exchange": "adx",
        "loss_reason": 102,
        "error_code": 303,
        "advertiser": "shop.example",
        "zone": "Asia/Tokyo",
        "user": "anna",
        "household": "home",
        "address": "a",
        "invalid": "crawler",
        "billed_by": "impression",
        "device": 3,
        "expires": NOW + timedelta(minutes=75),
    }
    assert made.model_dump(exclude_defaults=True) == expected
    assert make_event(Kind.IMPRESSION, claims, {"p": "AUDIT"}, late).test


@pytest.mark.parametrize(
    ("agent", "is_one"),
    [
        ("WhatsApp", True),
        ("WhatsApp/2.23", True),
        ("WhatsApp/2.23.20.0 A", True),
        ("WhatsApp/2.23.20.0/i", True),
        ("WhatsApp/2.11.92 Android/4.0.4 Device/HTC-HTC_HD2", False),
        ("XXWhatsApp", False),
        ("", False),
        (None, False),
        ("Nutch/1.18", True),
        ("Foo;Owler", True),
        ("Mozilla/5.0 (Linux; Android 9) (compatible; Nutch)", True),
        ("Mozilla/5.0 (Linux; Android 9; Nutch/1.18 Build/x) Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 9; Nutch www.nutch.example) Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9) Gowikibot Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9) AdsTxtCrawler Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9; Owler) Safari/537.36", False),
        ("aNutch/1.18", False),
        ("Mozilla/5.0 (Linux; Android 9) Safari/537.36 (Nutch/1.18)", True),
        ("Mozilla/5.0 (Linux; Android 9; Nutch) Safari/537.36 (x; Nutch/1.18; y)", True),
        ("Mozilla/5.0 (Linux; Android 9; Nutch) Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 9) Safari/537.36 Nutch", True),
        ("Mozilla/5.0 (Linux; Android 9) Nutch Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 9) Nutch/1.18 Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9) a-Nutch/1.18 Safari/537.36", False),
        ("A" * 512 + " Googlebot/2.1", False),
        ("A" * 480 + " Googlebot/2.1", True),
    ],
)
def test_link_previews_and_the_first_letters_tell_a_crawler(agent: str | None, is_one: bool) -> None:
    assert is_crawler(agent) == is_one


def logged(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    """The log lines of an event. Threads of other tests may log others."""
    entries = [json.loads(record.getMessage()) for record in caplog.records]
    return [entry for entry in entries if entry["event"] == name]


def test_failures_of_the_filter_are_logged_by_kind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    dynamodb = FaultyDynamoDB("ledger", faults=iter(["before"]))

    assert IvtFilter(BoundedSets(dynamodb.client, "ledger")).judged({"m": event(1, user="anna")}) == {}
    assert [entry["kind"] for entry in logged(caplog, "ledger.unjudged")] == ["impression"]


def test_a_price_of_another_bid_is_counted_in_a_metric(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ivt_filter = IvtFilter(BoundedSets(FaultyDynamoDB("ledger").client, "ledger"))
    for number in (1, 2):
        ivt_filter.judged({"m": event(number, Kind.BILL, price_micros=1, price_vector="adx/v")})

    [entry] = logged(caplog, "price.refused")
    assert (entry["kind"], entry["Reason"], entry["PriceRefused"]) == ("bill", "replayed", 1)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "history", "rule"),
    [
        ({"at": NOW - timedelta(seconds=60)}, SaleHistory(), None),
        ({"at": NOW - timedelta(seconds=61)}, SaleHistory(), "before-bid"),
        ({"at": NOW + timedelta(minutes=75)}, SaleHistory(), None),
        ({"at": NOW + timedelta(minutes=75, seconds=1)}, SaleHistory(), "too-late"),
        ({"at": NOW + HOUR, "expires": NOW + HOUR}, SaleHistory(), None),
        ({"at": NOW + HOUR + timedelta(seconds=1), "expires": NOW + HOUR}, SaleHistory(), "too-late"),
        ({"kind": Kind.CLICK, "at": NOW + 9 * HOUR}, SaleHistory(), None),
        ({}, SaleHistory(is_within_minute=False), "too-many"),
        ({}, SaleHistory(is_known_address=False), "replayed"),
        ({}, SaleHistory(is_within_minute=False, is_known_address=False), "too-many"),
        ({"kind": Kind.BILL}, SaleHistory(is_within_minute=False, is_known_address=False), None),
        ({"invalid": "crawler", "at": NOW + 9 * HOUR}, SaleHistory(), "crawler"),
    ],
)
def test_the_first_rule_that_a_sale_breaks(changes: dict[str, Any], history: SaleHistory, rule: str | None) -> None:
    assert broken_rule(event(1, changes.pop("kind", Kind.IMPRESSION), **changes), history) == rule


def test_suspects_are_bids_past_the_bounds_of_the_rules() -> None:
    minute = [event(number, user="anna", at=NOW + timedelta(seconds=number)) for number in range(20)]
    assert in_crowded_minutes([*minute, event(0, user="anna", at=NOW)]) == frozenset()
    crowded = [*minute, event("x", user="anna", at=NOW)]
    assert in_crowded_minutes(crowded) == {made.bid_id for made in crowded}
    for other in (
        event("x", user="anna", at=NOW + timedelta(minutes=1)),
        event("x", user="ben", at=NOW),
        event("x", at=NOW),
        event("x", Kind.CLICK, user="anna", at=NOW),
        event("x", user="anna", at=NOW, test=True),
    ):
        assert in_crowded_minutes([*minute, other]) == frozenset()

    addresses = [event(1, address=f"a{number}") for number in range(5)]
    assert reported_from_many_addresses([*addresses, event(1, address="a0"), event(1)]) == frozenset()
    assert reported_from_many_addresses([*addresses, event(2, address="x")]) == frozenset()
    assert reported_from_many_addresses([*addresses, event(1, Kind.CLICK, address="x")]) == frozenset()
    assert reported_from_many_addresses([*addresses, event(1, address="x", test=True)]) == frozenset()
    assert reported_from_many_addresses([*addresses, event(1, address="x")]) == {"bid-1"}

    priced = [event(number, Kind.BILL, price_vector="adx/v") for number in (1, 2)]
    assert sharing_a_price(priced) == {"bid-1", "bid-2"}
    assert sharing_a_price([priced[0], priced[0], event(3, Kind.BILL, price_vector="adx/w"), event(4)]) == frozenset()
    assert sharing_a_price([priced[0], event(2, Kind.BILL, price_vector="adx/v", test=True)]) == frozenset()


def test_each_step_of_a_rotation_waits_for_what_processes_hold() -> None:
    lifetime, second = timedelta(minutes=10), SigningKeys(current="k1", keys={"k1": "A" * 43, "k2": "B" * 43})
    third = after_step(second, RotationStep.SIGN, "")

    assert due_at(KEYS, NOW, lifetime) == NOW
    assert due_at(second, NOW, lifetime) == NOW + timedelta(minutes=11)
    assert due_at(third, NOW, lifetime) == NOW + timedelta(minutes=11) + OLD_KEY_KEPT
    assert third.viewers == "A" * 43
    named = SigningKeys(current="old", keys={"old": "A" * 43, "k7": "B" * 43, "k1x": "C" * 43})
    assert list(after_step(named, RotationStep.ADD, "D" * 43).keys) == ["old", "k7", "k1x", "k8"]
    assert list(after_step(SigningKeys(current="x", keys={"x": "A" * 43}), RotationStep.ADD, "D" * 43).keys)[1] == "k1"


def test_an_object_of_the_archive() -> None:
    s3 = FakeS3()
    archive = Archive(s3, "archive")  # type: ignore[arg-type]
    put: list[dict[str, Any]] = []
    original = s3.put_object
    s3.put_object = lambda **named: (put.append(named), original(**named))[1]  # type: ignore[method-assign]
    at = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    [made] = archive_objects({"m2": event(2, at=at), "m1": event(1, at=at)})
    archive.put(made)

    assert put[0]["Body"][4:8] == bytes(4), "equal events are equal bytes, whenever they are written"
    assert put[0]["ContentType"] == "application/gzip"
    assert put[0]["Key"] == made.key == f"events/kind=impression/hour=2026-11-22-23/{made.key[-41:]}"
    assert len(made.key.rpartition("/")[2].removesuffix(".jsonl.gz")) == 32
    assert made.message_ids == ("m1", "m2")
    assert [read.bid_id for read in archive.read(made.key)] == ["bid-1", "bid-2"]
    assert archive.keys(date(2026, 11, 22), [Kind.IMPRESSION]) == archive.keys(date(2026, 11, 22)) == [made.key]
    assert archive.keys(date(2026, 11, 22), [Kind.CLICK]) == archive.keys(date(2026, 11, 23)) == []


def test_invalid_traffic_of_an_advertiser_is_what_its_campaigns_have() -> None:
    at = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    ledger = Ledger(FaultyDynamoDB("ledger").client, "ledger", pause=lambda _: None)
    numbers = 0
    for campaign_id, hours, count, invalid in (
        ("a", 0, 3, None),
        ("a", -1, 5, None),
        ("a", -20, 7, None),
        ("b", 0, 11, None),
        ("a", 0, 2, "crawler"),
        ("b", -20, 13, "too-many"),
        ("b", 0, 4, "replayed"),
    ):
        for _ in range(count):
            numbers += 1
            sale = event(numbers, campaign_id=campaign_id, at=at + timedelta(hours=hours), invalid=invalid)
            ledger.record([sale])
    days = days_needed("UTC", "UTC", at)

    spend = spend_of_advertiser(
        [("UTC", number) for number in ledger.numbers({"a": days, "b": days}).values()], "UTC", at
    )

    assert days == [date(2026, 11, 23)]
    assert (spend.total_micros, spend.total_impressions) == (26 * 5_000, 26)
    assert (spend.today_micros, spend.today_impressions) == (19 * 5_000, 19)
    assert spend.hour_micros == 14 * 5_000
    assert (spend.invalid_total_micros, spend.invalid_today_micros) == (15 * 5_000, 2 * 5_000)


def test_what_is_billed_as_well_is_no_invalid_traffic_of_its_own() -> None:
    today = date(2026, 11, 23)
    counted = Counter({"invalid_micros": 100, "repeated_micros": 30})
    numbers = Numbers(counted, {today: Counter({"invalid_micros": 50, "repeated_micros": 20})})

    spend = spend_of_advertiser([("UTC", numbers), ("UTC", numbers)], "UTC", datetime(2026, 11, 23, 12, tzinfo=UTC))

    assert (spend.invalid_total_micros, spend.invalid_today_micros) == (140, 60)
    own = spend_of(counted, numbers.days[today], datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert (own.invalid_total_micros, own.invalid_today_micros) == (70, 30)


def test_the_spend_of_a_campaign_is_read_from_its_counters() -> None:
    total = {"micros": 9, "impressions": 8}
    day = {"micros": 7, "impressions": 6, "hour#12": 5, "hour#13": 4, "delay#10": 1, "delay#2": 3, "shown#12": 2}

    spend = spend_of(total, day, datetime(2026, 11, 23, 12, 59, tzinfo=UTC))

    assert spend == Spend(9, 7, 5, 8, 6, ((2, 3), (10, 1)))
    assert spend_of({}, {}, datetime(2026, 11, 23, 12, tzinfo=UTC)) == Spend()


def test_counts_of_many_campaigns_are_written_in_parts() -> None:
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


def test_a_process_that_does_not_say_its_requests_counts_none() -> None:
    log = TrafficLog(FaultyDynamoDB("learning").client, "learning")
    log.record([event("p", Kind.TRAFFIC, at=NOW, traffic={"c": (1, 1)}), event("q", Kind.TRAFFIC, at=NOW, count=3)])
    log.record([event("r", Kind.TRAFFIC, at=NOW, count=3, traffic={"c": (4, 2)})])

    traffic = log.read(int(NOW.timestamp()) // 60 * 60 + 120)

    assert (traffic.requests, traffic.processes) == (3, 1)
    empty = log.read(int(NOW.timestamp()) + 10_000)
    assert (empty.requests, empty.processes, dict(empty.reports)) == (0, 1, {})
    assert [tuple(report) for report in traffic.reports["c"].values()] == [(5, 3)]


@pytest.mark.parametrize(("seconds", "is_read"), [(-1, False), (59, False), (60, True), (359, True), (360, False)])
def test_minutes_are_read_as_far_back_as_pacing_asks(seconds: int, is_read: bool) -> None:
    log = TrafficLog(FaultyDynamoDB("learning").client, "learning")
    log.record([event("p", Kind.TRAFFIC, at=NOW, count=3, traffic={"c": (1, 1)})])
    minute = int(NOW.timestamp()) // 60 * 60

    assert bool(log.read(minute + seconds).reports) == is_read


def test_the_parameters_of_the_urls_that_are_out() -> None:
    lost = CLAIMS._replace(placement=1, value_micros=9_000_000)
    made = make_event(Kind.LOSS, lost, {"w": "5.5", "r": "102", "c": "12345", "p": "4.8"}, NOW)

    assert (made.to_win_micros, made.loss_reason, made.error_code, made.price_micros) == (
        5_500_000,
        102,
        12_345,
        4_800_000,
    )
    for code in ("123456", "-1", "1.5", "\u0667", ""):
        assert make_event(Kind.LOSS, lost, {"c": code, "r": code}, NOW).error_code is None


def test_a_click_whose_url_would_be_too_long_goes_uncounted() -> None:
    urls = EventUrls("https://bid.example", CLAIMS, KEYS)
    short = "https://shop.example/?a=b c"
    assert urls.click_through(short).startswith("https://bid.example/e/click/")
    assert urls.click_through(short).endswith("?u=https://shop.example/%3Fa%3Db%2520c")
    assert urls.seconds == 3_600
    assert urls.url(Kind.LOSS, p="${AUCTION_PRICE}", r="${AUCTION_LOSS}") == (
        urls.by_kind[Kind.LOSS] + "?p=${AUCTION_PRICE}&r=${AUCTION_LOSS}"
    )
    long = "https://shop.example/" + "a" * 5_000
    assert urls.click_through(long) == long
    with pytest.raises(ValueError, match="BIDDER_PUBLIC_URL"):
        EventUrls("https://" + "a" * 500, CLAIMS, KEYS)
