"""The settlement of a bid. Anybody can write a price into a notice, so only a credible price is accepted."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bidder.events.claims import Claims, decode, encode
from bidder.events.event import make_event
from bidder.events.exchange import Exchange, Exchanges
from bidder.events.kinds import Kind
from bidder.events.price_keys import ExchangeKeys
from bidder.events.settlement import AUCTION_TIME, HIGHEST_TO_WIN, PriceRefusal, Settlement, price_to_win, settle
from tests.support.campaigns import NOW
from tests.support.prices import KEYS, sent, vector

BID, LEAST = 5_000_000, 2_000_000
CLAIMS = Claims("bid", "c1", "spot", BID, int(NOW.timestamp()), False, None, None, exchange="adx", least_micros=LEAST)
SECOND = timedelta(seconds=1)


def settled(text: str, keys: ExchangeKeys | None = None, **changes: Any) -> Settlement:
    return settle({"p": text}, CLAIMS._replace(**changes), keys)


@given(st.integers(1, 3 * BID), st.booleans())
@example(LEAST, True)
@example(LEAST - 1, False)
@example(BID, False)
@example(BID + 1, True)
def test_a_price_is_accepted_from_the_lowest_credible_price_up_to_the_bid(micros: int, is_encrypted: bool) -> None:
    text = sent(micros) if is_encrypted else f"{Decimal(micros) / 1_000_000:f}"

    results = settled(text, KEYS if is_encrypted else None)

    assert results.micros == (micros if LEAST <= micros <= BID else BID)
    assert results.refusal == (PriceRefusal.TOO_LOW if micros < LEAST else None)
    assert results.is_raised == (micros > BID)


@pytest.mark.parametrize("text", ["0.000001", "1e-9", "0.01", "1.999999", "MC4wMQ=="])
def test_a_price_below_the_lowest_credible_price_is_refused(text: str) -> None:
    assert settled(text)[:3:2] == (BID, PriceRefusal.TOO_LOW)


@pytest.mark.parametrize("text", ["", "0", "nonsense", "${AUCTION_PRICE}", "-5"])
def test_a_bid_is_due_at_its_own_price_without_a_valid_price(text: str) -> None:
    assert settled(text) == Settlement(BID)


@given(st.text(max_size=70) | st.text("0123456789.eE+-_= /%", max_size=70))
def test_for_any_text_the_due_amount_is_between_the_lowest_credible_price_and_the_bid(text: str) -> None:
    for keys in (None, KEYS):
        assert LEAST <= settled(text, keys).micros <= BID


@pytest.mark.parametrize(
    ("delay", "is_believed"),
    [
        (timedelta(), True),
        (AUCTION_TIME, True),
        (AUCTION_TIME + SECOND, False),
        (-timedelta(minutes=1), True),
        (-timedelta(minutes=1) - SECOND, False),
        (-timedelta(days=400), False),
        (timedelta(days=1), False),
    ],
)
def test_an_encrypted_price_must_have_the_time_of_its_bid(delay: timedelta, is_believed: bool) -> None:
    results = settled(sent(3_000_000, vector(NOW + delay)), KEYS)

    assert results.micros == (3_000_000 if is_believed else BID)
    assert results.refusal == (None if is_believed else PriceRefusal.OUT_OF_TIME)
    assert (results.vector is not None) == is_believed


def test_an_initialization_vector_has_one_name_per_exchange() -> None:
    names = {
        settled(sent(micros, vector(server=server)), KEYS, exchange=exchange).vector
        for micros in (3_000_000, 4_000_000)
        for server in (1, 2)
        for exchange in ("adx", "other")
    }

    assert len(names) == 4


def test_a_render_for_ad_quality_is_a_test_and_bills_nothing() -> None:
    event = make_event(Kind.IMPRESSION, CLAIMS, {"p": "AUDIT"}, NOW)

    assert (event.test, event.counts_as_sale, event.is_billable) == (True, False, False)


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.booleans(), st.decimals(0, 1, places=3))
def test_the_lowest_credible_price_is_the_floor_or_the_agreed_share(
    bid: int, floor: int, first: bool, discount: Decimal
) -> None:
    exchange = Exchange.model_validate({"first_price_discount" if first else "second_price_discount": discount})

    least = exchange.lowest_credible_price(bid, floor, is_first_price=first)

    assert least == max(floor, int(bid * (1 - Fraction(discount))))


def test_the_agreed_share_depends_on_the_exchange() -> None:
    exchanges = Exchanges.model_validate({"adx": {"first_price_discount": 0.25}})

    assert exchanges.agreement_with("adx").lowest_credible_price(100, 0, is_first_price=True) == 75
    for unnamed in ("other", None):
        assert exchanges.agreement_with(unnamed).lowest_credible_price(100, 0, is_first_price=True) == 90
        assert exchanges.agreement_with(unnamed).lowest_credible_price(100, 0, is_first_price=False) == 10


@given(st.integers(0, 10**18))
@example(0)
@example(1)
def test_a_token_has_the_lowest_credible_price_exactly_or_up_to_a_thousandth_below(least: int) -> None:
    message = decode(encode(CLAIMS._replace(least_micros=least))).least_micros

    assert message == least if least < 2**30 else 0 <= least - message <= least // 1000


rates = st.decimals(Decimal("0.000001"), Decimal(999_999_999_999), places=12).filter(
    lambda rate: len(rate.normalize().as_tuple().digits) <= 18
)


@given(rates, st.integers(1, 10**12))
def test_a_price_in_a_currency_finer_than_a_micro_is_settled_exactly(rate: Decimal, micros: int) -> None:
    claims = decode(encode(CLAIMS._replace(price_micros=10**30, rate=rate, least_micros=0)))

    results = settle({"p": f"{Decimal(micros) / 1_000_000:f}"}, claims)

    assert Fraction(claims.rate) == Fraction(rate)
    assert results.micros == max(1, round(Fraction(micros) * Fraction(rate) / 1_000_000))


LEARNED = CLAIMS._replace(placement=0, value_micros=6_000_000)


def to_win(kind: Kind, keys: ExchangeKeys | None = None, claims: Claims = LEARNED, **query: str) -> int | None:
    return price_to_win(kind, query, claims, keys)


@given(st.integers(1, 30 * BID), st.sampled_from([Kind.WIN, Kind.BILL, Kind.LOSS]), st.booleans())
@example(BID, Kind.LOSS, True)
@example(BID, Kind.WIN, True)
@example(HIGHEST_TO_WIN * BID, Kind.LOSS, False)
@example(HIGHEST_TO_WIN * BID + 1, Kind.LOSS, False)
def test_a_price_to_beat_is_accepted_only_if_it_agrees_with_the_outcome(
    micros: int, kind: Kind, is_encrypted: bool
) -> None:
    text = sent(micros) if is_encrypted else f"{Decimal(micros) / 1_000_000:f}"

    output = to_win(kind, KEYS if is_encrypted else None, w=text)

    is_credible = BID <= micros <= HIGHEST_TO_WIN * BID if kind is Kind.LOSS else micros <= BID
    assert output == (micros if is_credible else None)


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "1e999", "AUDIT", "${AUCTION_MIN_TO_WIN}", "1_0", "6,5"])
def test_an_invalid_price_to_beat_is_ignored(text: str) -> None:
    assert to_win(Kind.LOSS, w=text) is None


def test_only_exchange_notices_on_bids_that_shading_learns_from_have_a_price_to_beat() -> None:
    assert to_win(Kind.IMPRESSION, w="4") is None
    assert to_win(Kind.WIN, claims=CLAIMS, w="4") is None
    assert to_win(Kind.WIN, KEYS, w="4") is None, "an exchange with keys signs its prices"
    assert to_win(Kind.WIN, p="AUDIT", w="4") is None
    assert to_win(Kind.LOSS, r="2", w="7") is None, "it was lost for another reason"
    late = sent(4_000_000, vector(NOW + AUCTION_TIME + SECOND))
    assert to_win(Kind.WIN, KEYS, w=late) is None


def test_the_price_to_beat_of_a_lost_bid_is_the_clearing_price() -> None:
    assert to_win(Kind.LOSS, p="7", r="102") == 7_000_000
    assert to_win(Kind.LOSS, p="7") == 7_000_000
    assert to_win(Kind.LOSS, p="7", w="8") == 8_000_000
    assert to_win(Kind.LOSS, p="5") is None, "our own bid, or a second price"
    assert to_win(Kind.LOSS, p="7", r="100") is None, "the floor is above our bid, whatever others paid"
    assert to_win(Kind.WIN, p="4") is None


def test_the_event_has_the_price_to_beat_in_the_account_currency() -> None:
    euros = LEARNED._replace(rate=2_000_000)
    result = make_event(Kind.WIN, euros, {"p": "2.5", "w": "1.25"}, NOW)

    assert (result.to_win_micros, result.value_micros, result.placement) == (2_500_000, 6_000_000, 0)
