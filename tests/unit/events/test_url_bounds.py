"""Tokens, signatures and event URLs at their bounds, with literal expected values."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from decimal import Decimal
from hashlib import shake_256
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from bidder.events.address import address_name
from bidder.events.claims import Claims, decode, encode
from bidder.events.event import make_event
from bidder.events.key_rotation import OLD_KEY_RETENTION, RotationStep, apply_step, due_at
from bidder.events.kinds import NOTICES, Kind, notice_kind
from bidder.events.markup_form import MarkupForm, decode_form, encode_form
from bidder.events.token import InvalidToken, SigningKeys, TokenError, Tokens, sign, signed_target, undo_escapes, verify
from bidder.events.urls import ERROR_CODE, LOSS_REASON, PRICE, TARGET, TO_WIN, EventUrls
from tests.support.campaigns import NOW

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
def test_the_markup_form_in_win_notices_has_a_fixed_format(form: MarkupForm, word: str) -> None:
    assert encode_form(form) == word
    assert decode_form(word) == form


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
def test_any_markup_form_is_read_or_refused(word: str, form: MarkupForm | None) -> None:
    assert decode_form(word) == form


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


def test_pseudonyms_of_viewers_depend_on_their_own_key() -> None:
    other = SigningKeys(current="k1", keys={"k1": "A" * 43}, viewers="B" * 43)

    assert KEYS.viewer_secret == SECRET
    assert other.viewer_secret == urlsafe_b64decode("B" * 43 + "=")
    assert "BBBB" not in repr(other)
    assert (KEYS.secret("k1"), KEYS.secret("k2")) == (SECRET, None)
    assert SigningKeys(current="a" * 8, keys={"a" * 8: "A" * 43}).current == "a" * 8


def test_claims_of_any_text_are_signed() -> None:
    assert len(Tokens("\udcff", KEYS).token_of(Kind.CLICK).rpartition(".")[2]) == 20


def test_signatures_have_fixed_values() -> None:
    tokens = Tokens("claims", KEYS)
    digest = hmac.digest(SECRET, b"bid\nk1.claims", "sha256")
    letters = urlsafe_b64encode(shake_256(digest).digest(15 * len(NOTICES))).decode()

    urls = tokens.urls("https://bid.example")
    for number, kind in enumerate(NOTICES):
        token = f"k1.claims.{letters[20 * number : 20 * number + 20]}"
        assert tokens.token_of(kind) == token
        assert urls[kind] == f"https://bid.example/e/{kind.value}/{token}"
    assert list(urls) == list(NOTICES)


def test_a_token_that_three_proxies_have_percent_encoded_is_read() -> None:
    written_once = "k1.%7Ecl-a_ims%7E%2Esig"
    for encodings, escaped in enumerate(("k1.~cl-a_ims~.sig", written_once, quote(written_once)), 0):
        assert undo_escapes(escaped) == "k1.~cl-a_ims~.sig", encodings
    assert undo_escapes(quote(quote(written_once))) == "k1.~cl-a_ims~.sig"
    assert undo_escapes(quote(quote(quote(written_once)))) == written_once
    assert undo_escapes(" k1.a+b c/d= ") == "k1.a-b-c_d"
    assert undo_escapes("k1.a%2Bb%20c") == "k1.a-b-c"


@pytest.mark.parametrize(("seconds", "is_valid"), [(-61, False), (-60, True), (75 * 60, True), (75 * 60 + 1, False)])
def test_a_token_is_valid_from_a_minute_before_its_bid(seconds: int, is_valid: bool) -> None:
    text = Tokens(encode(CLAIMS), KEYS).token_of(Kind.CLICK)
    now = NOW.replace(microsecond=0) + timedelta(seconds=seconds)

    if is_valid:
        assert verify(Kind.CLICK, text, KEYS, now) == CLAIMS
    else:
        with pytest.raises(InvalidToken) as error:
            verify(Kind.CLICK, text, KEYS, now)
        assert error.value.reason == ("early" if seconds < 0 else "expired")


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
def test_a_refused_token_is_counted_by_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidToken) as error:
        verify(Kind.CLICK, text, KEYS, NOW)

    assert error.value.reason.value == reason
    assert str(error.value)
    assert TokenError.KIND.value == "unknown-kind"


@pytest.mark.parametrize(
    "target", ["https://shop.example/a b?c=d+e", "https://shop.example/ä", "https://shop.example/%41"]
)
def test_a_landing_page_that_two_proxies_have_percent_encoded_is_read(target: str) -> None:
    signed = sign(Kind.CLICK, encode(CLAIMS), KEYS, target)
    encoded_target = target
    for encodings in range(4):
        assert (signed_target(Kind.CLICK, signed, KEYS, encoded_target) == target) == (encodings <= 2)
        encoded_target = quote(encoded_target, safe="")
    plus = "https://shop.example/a+b"
    assert signed_target(Kind.CLICK, sign(Kind.CLICK, "c", KEYS, plus), KEYS, "https://shop.example/a b") == plus
    blank = "https://shop.example/a%20b"
    assert signed_target(Kind.CLICK, sign(Kind.CLICK, "c", KEYS, blank), KEYS, plus) == blank
    assert signed_target(Kind.CLICK, "k9.claims.x", KEYS, "https://shop.example/") == "https://shop.example/"


def test_the_pseudonym_of_an_address_depends_on_the_bid() -> None:
    digest = hmac.digest(SECRET, b"address\nbid\n192.0.2.1", "sha256")

    assert address_name("192.0.2.1", "bid", KEYS) == urlsafe_b64encode(digest[:8]).decode().rstrip("=")
    assert len(address_name("\udcff", "bid", KEYS) or "") == 11
    assert address_name(None, "bid", KEYS) is address_name("", "bid", KEYS) is None


@pytest.mark.parametrize("kind", Kind)
def test_only_kinds_of_notices_have_urls(kind: Kind) -> None:
    if kind in {Kind.BIDS, Kind.TRAFFIC}:
        with pytest.raises(ValueError, match="not a notice"):
            notice_kind(kind.value)
    else:
        assert notice_kind(kind.value) is kind


def test_claims_have_a_fixed_format() -> None:
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
def test_the_lowest_credible_price_is_exact_up_to_a_thousand(least: int, read_back: int) -> None:
    assert decode(encode(CLAIMS._replace(least_micros=least))).least_micros == read_back


@pytest.mark.parametrize(("device", "decoded_type"), [(None, None), (0, None), (1, None), (2, 2), (31, 31), (32, None)])
def test_a_device_type_is_one_letter_of_a_token(device: int | None, decoded_type: int | None) -> None:
    read_back = decode(encode(CLAIMS._replace(device=device)))

    assert read_back.device == decoded_type or device == 1
    assert not read_back.test or device is None


def test_a_notice_becomes_an_event_of_its_bid() -> None:
    claims = CLAIMS._replace(advertiser="shop.example", zone="Asia/Tokyo", user="anna", household="home", device=3)
    delay = NOW + timedelta(minutes=2)
    result = make_event(Kind.LOSS, claims, {"p": "4.9", "r": "102", "c": "303"}, delay, address="a", invalid="crawler")

    expected = {
        "kind": "loss",
        "bid_id": "bid",
        "campaign_id": "campaign",
        "creative_id": "creative",
        "bid_price_micros": 5_000_000,
        "price_micros": 4_900_000,
        "bid_at": NOW,
        "at": delay,
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
    assert result.model_dump(exclude_defaults=True) == expected
    assert make_event(Kind.IMPRESSION, claims, {"p": "AUDIT"}, delay).test


def test_each_step_of_a_rotation_waits_until_processes_have_read_the_keys() -> None:
    lifetime, second = timedelta(minutes=10), SigningKeys(current="k1", keys={"k1": "A" * 43, "k2": "B" * 43})
    third = apply_step(second, RotationStep.SIGN, "")

    assert due_at(KEYS, NOW, lifetime) == NOW
    assert due_at(second, NOW, lifetime) == NOW + timedelta(minutes=11)
    assert due_at(third, NOW, lifetime) == NOW + timedelta(minutes=11) + OLD_KEY_RETENTION
    assert third.viewers == "A" * 43
    named = SigningKeys(current="old", keys={"old": "A" * 43, "k7": "B" * 43, "k1x": "C" * 43})
    assert list(apply_step(named, RotationStep.ADD, "D" * 43).keys) == ["old", "k7", "k1x", "k8"]
    assert list(apply_step(SigningKeys(current="x", keys={"x": "A" * 43}), RotationStep.ADD, "D" * 43).keys)[1] == "k1"


def test_event_urls_have_fixed_parameters() -> None:
    lost = CLAIMS._replace(placement=1, value_micros=9_000_000)
    result = make_event(Kind.LOSS, lost, {"w": "5.5", "r": "102", "c": "12345", "p": "4.8"}, NOW)

    assert (result.to_win_micros, result.loss_reason, result.error_code, result.price_micros) == (
        5_500_000,
        102,
        12_345,
        4_800_000,
    )
    for code in ("123456", "-1", "1.5", "\u0667", ""):
        assert make_event(Kind.LOSS, lost, {"c": code, "r": code}, NOW).error_code is None


def test_a_click_url_that_would_be_too_long_is_the_landing_page() -> None:
    urls = EventUrls("https://bid.example", CLAIMS, KEYS)
    short_page = "https://shop.example/?a=b c"
    assert urls.click_through(short_page).startswith("https://bid.example/e/click/")
    assert urls.click_through(short_page).endswith("?u=https://shop.example/%3Fa%3Db%2520c")
    assert urls.seconds == 3_600
    assert urls.url(Kind.LOSS, p="${AUCTION_PRICE}", r="${AUCTION_LOSS}") == (
        urls.by_kind[Kind.LOSS] + "?p=${AUCTION_PRICE}&r=${AUCTION_LOSS}"
    )
    long = "https://shop.example/" + "a" * 5_000
    assert urls.click_through(long) == long
    with pytest.raises(ValueError, match="BIDDER_PUBLIC_URL"):
        EventUrls("https://" + "a" * 500, CLAIMS, KEYS)


def test_the_parameters_of_event_urls_keep_their_names() -> None:
    names = (PRICE, TO_WIN, LOSS_REASON, ERROR_CODE, TARGET)
    assert names == ("p", "w", "r", "c", "u"), "the next version reads the URLs of bids in flight"
