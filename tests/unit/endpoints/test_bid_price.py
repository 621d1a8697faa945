"""The price of a bid in any currency, and the signed price in its token."""

import json
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.kinds import Kind
from bidder.events.token import verify
from bidder.money import MICROS
from tests.support.campaigns import NOW, RATES, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import KEYS, service

factors = st.decimals(Decimal("0.1"), 3, places=3)


@given(st.integers(1000, 10**9), factors, factors, st.sampled_from(["USD", "EUR"]))
def test_a_multiplied_bid_is_exact_in_every_currency(cpm: int, tv: Decimal, usa: Decimal, currency: str) -> None:
    table = {"device_type": {"3": tv}, "country": {"USA": usa}}
    snapshot = compile_snapshot([campaign(cpm=Decimal(cpm) / MICROS, multipliers=table)])
    body = video_request(device={"devicetype": 3, "geo": {"country": "USA"}}, cur=[currency])
    decided = floor(cpm * min(max(Fraction(tv) * Fraction(usa), Fraction(1, 10)), Fraction(10)))

    reply = json.loads(bid(service(snapshot), Call(json.dumps(body).encode(), {}, "https://bid.example", NOW)).body)

    [bid_item] = reply["seatbid"][0]["bid"]
    rate = Fraction({"USD": MICROS, **RATES}[currency], MICROS)
    assert reply["cur"] == currency
    assert Decimal(str(bid_item["price"])) * MICROS == floor(decided / rate)
    token = bid_item["burl"].partition("/e/bill/")[2].partition("?")[0]
    assert verify(Kind.BILL, token, KEYS, NOW).price_micros == decided
