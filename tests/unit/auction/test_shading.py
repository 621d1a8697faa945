"""Shading: what is bid lies between floor and value, and maximises the expected surplus of the model."""

import json
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import decide
from bidder.auction.explain import explain
from bidder.auction.match import match
from bidder.auction.offer import Offer
from bidder.auction.shading import shade, shaded
from bidder.delivery.win_model import Outcomes, Shading, WinModel, models
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, snapshot
from tests.support.matchable import video_request

CHEAP = WinModel(level=-6 * log(2), slope=6.0)
"""Half of the bids of 2.00 win."""


def held(known: Shading | None, **changes: object) -> Snapshot:
    return snapshot([campaign(cpm=5, **changes)], shading=known)


def offer_of(snapshot_: Snapshot, **request: object) -> tuple[AuctionContext, Offer]:
    asked = parse(json.dumps(video_request(**request)).encode())
    slots = match(asked, snapshot_, NOW)
    [offer] = decide(asked, slots, snapshot_, "bidder", NOW)
    return AuctionContext(asked, "bidder", snapshot_.delivery, NOW), offer


@given(st.floats(-8, 8), st.floats(0.2, 30), st.floats(0.2, 60))
def test_the_best_bid_brings_no_less_than_any_other(level: float, slope: float, value: float) -> None:
    model = WinModel(level, slope)
    best = model.best_bid(value)

    assert 0 <= best <= value
    gains = [(value - value * part / 97) * model.win_rate(value * part / 97) for part in range(98)]
    assert (value - best) * model.win_rate(best) >= max(gains) - 1e-6 * value


@given(st.floats(0, 5), st.sampled_from([0.0, 0.05, 1.0]), st.text("ab", max_size=8))
def test_a_bid_is_never_below_the_floor_nor_above_the_value(floor: float, explored: float, auction: str) -> None:
    snapshot_ = held(Shading({"*": CHEAP}, explored))
    context, offer = offer_of(snapshot_, id=auction or "a", at=1, imp={"bidfloor": floor})

    bid = shaded(context, offer, None).cpm_micros

    assert bid <= 5_000_000
    assert bid >= floor * 1_000_000 - 1


def test_it_shades_first_price_auctions_alone_and_only_who_wants_it() -> None:
    known = Shading({"*": CHEAP}, 0.0)
    for at, expected in ((1, "model"), (2, "no first-price auction")):
        context, offer = offer_of(held(known), at=at)
        assert shaded(context, offer, None).why == expected
    context, offer = offer_of(held(known, shading=False), at=1)
    assert shaded(context, offer, None) == (5_000_000, "off")
    context, offer = offer_of(held(Shading({}, 0.0)), at=1)
    assert shaded(context, offer, None) == (5_000_000, "too little is known")
    deal = {"pmp": {"deals": [{"id": "d", "at": 3, "bidfloor": 6}]}}
    context, offer = offer_of(held(known, deals=[{"id": "d", "cpm": 6}]), at=1, imp=deal)
    assert shaded(context, offer, None) == (6_000_000, "no first-price auction")


def test_the_closest_segment_that_is_known_counts() -> None:
    dear = WinModel(level=-6 * log(4), slope=6.0)
    shading = Shading({"*": CHEAP, "adx": dear}, 0.0)

    assert shading.model("adx|1|2|3") is dear
    assert shading.model("other|1|2|3") is CHEAP
    assert Shading({}, 0.0).model("adx|1|2|3") is None


def test_explain_says_the_value_and_equals_the_bid() -> None:
    snapshot_ = held(Shading({"*": CHEAP}, 0.05))
    context, offer = offer_of(snapshot_, at=1)
    [bid] = shade(context, [offer], None)

    [its] = explain(context.request, snapshot_, "bidder", NOW)

    assert its.bids[0].price == bid.price
    assert bid.price.value_micros == 5_000_000
    assert bid.price.cpm_micros < 5_000_000


@pytest.mark.parametrize("told", [0.0, 1.0])
def test_the_fit_finds_the_prices_that_win(told: float) -> None:
    rng = Random(5)  # noqa: S311  a repeatable draw
    outcomes = Outcomes()
    for _ in range(6_000):
        bid, other = rng.uniform(1, 4), rng.lognormvariate(log(2), 0.4)
        if bid > other:
            outcomes.add_win(round(bid * 1e6))
        else:
            outcomes.add_loss(round(bid * 1e6), round(other * 1e6) if rng.random() < told else None)

    model = outcomes.fit()

    for bid, share in ((1.5, 0.236), (2.0, 0.5), (3.0, 0.845)):
        assert model.win_rate(bid) == pytest.approx(share, abs=0.06)


def test_a_segment_needs_wins_and_losses_at_more_than_one_price() -> None:
    flat = Outcomes()
    for _ in range(500):
        flat.add_win(5_000_000)
        flat.add_loss(5_000_000)
    spread = Outcomes()
    for number in range(300):
        spread.add_win(5_000_000)
        spread.add_loss(2_000_000 + number * 1_000)

    assert models({"a|1|2|3": flat}) == {}
    assert set(models({"a|1|2|3": spread})) == {"a|1|2|3", "a|1|2", "a", "*"}
