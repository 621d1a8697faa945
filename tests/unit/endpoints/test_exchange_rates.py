"""The exchange rate changes between a bid and its notices: the charged amount counts at the rate of the bid.

Currencies have no, two or three decimals, and exchanges round the charged price to them. The oracle uses fractions.
"""

import json
import logging
from datetime import timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.currency import parse_rates
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.notice import notice
from bidder.endpoints.sender import Sender
from bidder.events.event import Event
from bidder.events.ledger import Ledger
from bidder.events.report import By, report
from bidder.events.verify import sales_by_bid, verify
from bidder.money import Rate
from bidder.service.service import Service
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.examples import examples
from tests.support.matchable import video_request
from tests.support.service import Recorder, service

DECIMALS = {"JPY": 0, "KRW": 0, "EUR": 2, "USD": 2, "KWD": 3}
WORTH = {"JPY": "0.0066667", "KRW": "0.00072", "EUR": "1.0842", "KWD": "3.251234567"}
LATER = NOW + timedelta(minutes=20)


def rates_of(factor: Fraction) -> dict[str, Rate]:
    """The exchange rates after they all changed by a factor."""
    worth = {code: Decimal(text) * factor.numerator / factor.denominator for code, text in WORTH.items()}
    return parse_rates(json.dumps({code: float(f"{value:.9g}") for code, value in worth.items()}))


def service_with(cpm_micros: int, rates: dict[str, Rate]) -> Service:
    """A bidder with a campaign of this CPM, in micros of the account currency."""
    index = Index.load([compile_index([campaign(cpm=f"{Decimal(cpm_micros) / 1_000_000:f}")])])
    delivery = compile_delivery(index, {}, NOW, rates)
    return service(Snapshot(1, index, load_delivery(delivery, index)), currency_rates=rates)


class Sold(NamedTuple):
    """A bid: its price in its currency, its burl, and the URL of its impression."""

    price: Decimal
    burl: str
    impression: str


def make_bid(bidder: Service, currency: str) -> Sold:
    body = video_request(cur=[currency], at=1)
    answer = json.loads(bid(bidder, Call(json.dumps(body).encode(), {}, "https://bid.example", NOW)).body)
    assert answer["cur"] == currency
    [item] = answer["seatbid"][0]["bid"]
    impression = next(text for text in item["adm"].split("<![CDATA[") if "/e/impression/" in text).split("]]>")[0]
    return Sold(Decimal(str(item["price"])), item["burl"], impression)


def send(bidder: Service, url: str, price: str) -> list[Event]:
    """The events of a notice whose price macro the exchange has replaced."""
    recorder = Recorder()
    bidder.__dict__["publisher"] = recorder
    parts = urlsplit(url.replace("${AUCTION_PRICE}", price))
    kind, token = parts.path.removeprefix("/e/").split("/", 1)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    reply = notice(bidder, kind, token, query, Sender("192.0.2.1", "Mozilla/5.0"), LATER)
    assert reply.status == 204
    return recorder.published


def cost_of(charged: Decimal, rate: Rate) -> int:
    """The cost of an impression at a CPM in the currency, in micros of the account currency: half to even."""
    cpm_micros = round(Fraction(charged) * 1_000_000 * Fraction(rate) / 1_000_000)
    return round(Fraction(cpm_micros, 1000))


@examples(0.5)
@given(
    st.sampled_from(sorted(DECIMALS)),
    st.integers(600_000, 60_000_000),
    st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(1), Fraction(11, 10), Fraction(7)]),
    st.sampled_from([Fraction(1), Fraction(99, 100), Fraction(93, 100)]),
    st.sampled_from([ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, None]),
)
def test_the_charged_price_counts_at_the_rate_of_its_bid(
    currency: str, cpm_micros: int, change: Fraction, share: Fraction, rounding: str | None
) -> None:
    before, after = rates_of(Fraction(1)), rates_of(change)
    bid_item = make_bid(service_with(cpm_micros, before), currency)
    charged = bid_item.price * share.numerator / share.denominator
    unit = Decimal(1).scaleb(-DECIMALS[currency] if rounding else -6)
    text = f"{charged.quantize(unit, rounding or ROUND_DOWN):f}"

    events = send(service_with(cpm_micros, after), bid_item.impression, text)

    rate = before.get(currency, 1_000_000)
    expected = cost_of(min(bid_item.price, Decimal(text)), rate)
    ledger = Ledger(FaultyDynamoDB("ledger").client, "ledger", pause=lambda _: None)
    ledger.record([*events, *events])
    [row] = report(events, By.CAMPAIGN).values()
    bids = sales_by_bid(events)
    verified = verify(bids, ledger.markers(bids), {"plain": ledger.day("plain", LATER.date())}, LATER.date())["plain"]
    assert abs(row.spend_micros - expected) <= 1, "a price in another currency is rounded down to its micros"
    assert ledger.day("plain", LATER.date())["micros"] == row.spend_micros
    assert (verified.is_equal, verified.archived["micros"]) == (True, row.spend_micros)
    assert events[0].bid_price_micros == cpm_micros


@pytest.mark.parametrize(
    ("currency", "cpm"), [("JPY", 5_000_000), ("KRW", 700_001), ("KWD", 1_234_999), ("EUR", 5_111_111)]
)
def test_a_price_that_the_exchange_rounds_is_neither_raised_nor_refused(
    currency: str, cpm: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bid_item = make_bid(service_with(cpm, rates_of(Fraction(1))), currency)
    unit = Decimal(1).scaleb(-DECIMALS[currency])

    send(service_with(cpm, rates_of(Fraction(1))), bid_item.burl, f"{bid_item.price.quantize(unit, ROUND_HALF_UP):f}")
    assert "refused" not in caplog.text

    send(service_with(cpm, rates_of(Fraction(1))), bid_item.burl, f"{bid_item.price.quantize(unit, ROUND_UP) + unit:f}")
    assert "price-raised" in caplog.text
