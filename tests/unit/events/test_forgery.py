"""Forged tokens: each is refused with its reason."""

from datetime import timedelta
from typing import Any

import pytest

from bidder.events.claims import Claims, encode
from bidder.events.kinds import NOTICES, Kind
from bidder.events.token import CLOCK_SKEW, LIFETIME, InvalidToken, SigningKeys, TokenError, sign, signed_target, verify
from tests.support.campaigns import NOW

KEYS = SigningKeys(current="k2", keys={"k1": "A" * 43, "k2": "B" * 43})
CLAIMS = Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, "d1", "USA", advertiser="shop.example")
LANDING = "https://shop.example/?a=1"
TOKEN = sign(Kind.IMPRESSION, encode(CLAIMS), KEYS)
KEY_ID, _, REST = TOKEN.partition(".")
ENCODED, _, SIGNATURE = REST.rpartition(".")


def error_of(token: str, kind: Kind = Kind.IMPRESSION, delay: timedelta = timedelta(), target: str = "") -> TokenError:
    with pytest.raises(InvalidToken) as error:
        verify(kind, token, KEYS, NOW + delay, target)
    return error.value.reason


def with_claims(**changes: Any) -> str:
    return f"{KEY_ID}.{encode(CLAIMS._replace(**changes))}.{SIGNATURE}"


@pytest.mark.parametrize("bit", range(7))
def test_a_token_with_a_flipped_bit_is_refused(bit: int) -> None:
    for position, letter in enumerate(TOKEN):
        error_of(TOKEN[:position] + chr(ord(letter) ^ (1 << bit)) + TOKEN[position + 1 :])


def test_a_truncated_token_is_refused() -> None:
    for length in range(len(TOKEN)):
        error_of(TOKEN[:length])


@pytest.mark.parametrize("kind", [kind for kind in NOTICES if kind is not Kind.IMPRESSION])
def test_a_token_of_another_kind_is_refused(kind: Kind) -> None:
    assert error_of(TOKEN, kind) is TokenError.SIGNATURE
    assert error_of(sign(kind, encode(CLAIMS), KEYS)) is TokenError.SIGNATURE


@pytest.mark.parametrize(
    "changes",
    [
        {"campaign_id": "c2"},
        {"bid_id": "other"},
        {"price_micros": 9_000_000},
        {"issued": CLAIMS.issued + 60},
        {"test": True},
        {"deal_id": None},
        {"rate": 2_000_000},
        {"advertiser": "other.example"},
        {"user": "A" * 11},
        {"billed_by": Kind.BILL},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_changed_claims_are_refused(changes: dict[str, object]) -> None:
    assert error_of(with_claims(**changes)) is TokenError.SIGNATURE


def test_a_signature_of_another_bid_is_refused() -> None:
    other = sign(Kind.IMPRESSION, encode(CLAIMS._replace(campaign_id="c2")), KEYS).rpartition(".")[2]

    assert error_of(f"{KEY_ID}.{ENCODED}.{other}") is TokenError.SIGNATURE


def test_tokens_of_dropped_or_unknown_keys_are_refused() -> None:
    dropped = SigningKeys(current="k0", keys={"k0": "C" * 43})
    another_bidder = SigningKeys(current="k2", keys={"k2": "C" * 43})

    assert error_of(sign(Kind.IMPRESSION, encode(CLAIMS), dropped)) is TokenError.UNKNOWN_KEY
    assert error_of(sign(Kind.IMPRESSION, encode(CLAIMS), another_bidder)) is TokenError.SIGNATURE
    assert error_of(f"k1.{REST}") is TokenError.SIGNATURE


def test_a_token_outside_its_lifetime_is_refused() -> None:
    second = timedelta(seconds=1)

    assert error_of(TOKEN, delay=LIFETIME + second) is TokenError.EXPIRED
    assert error_of(TOKEN, delay=-CLOCK_SKEW - second) is TokenError.EARLY


def test_a_click_token_is_valid_only_for_its_landing_page() -> None:
    click = sign(Kind.CLICK, encode(CLAIMS), KEYS, LANDING)

    assert verify(Kind.CLICK, click, KEYS, NOW, LANDING) == CLAIMS
    for target in ("", "https://evil.example/", LANDING + "#", LANDING[:-1]):
        assert error_of(click, Kind.CLICK, target=target) is TokenError.SIGNATURE
    assert error_of(sign(Kind.CLICK, encode(CLAIMS), KEYS), Kind.CLICK, target=LANDING) is TokenError.SIGNATURE


def test_a_text_that_is_not_a_token_is_refused_as_malformed() -> None:
    assert {error_of(text) for text in ("", "k2", "k2.", "k2 claims")} == {TokenError.MALFORMED}
    assert error_of(sign(Kind.IMPRESSION, "bm90IGpzb24", KEYS)) is TokenError.CLAIMS


@pytest.mark.parametrize("target", ["", LANDING, "https://shop.example/\ud800"])
@pytest.mark.parametrize(
    "token", [f"{KEY_ID}.\ud800.{SIGNATURE}", f"{KEY_ID}.{ENCODED}.\ud800", f"{KEY_ID}.{ENCODED}.x"]
)
def test_a_lone_surrogate_in_a_token_or_a_target_is_refused(token: str, target: str) -> None:
    assert error_of(token, target=target) is TokenError.SIGNATURE
    assert signed_target(Kind.IMPRESSION, token, KEYS, target) == target
