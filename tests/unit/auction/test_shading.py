"""Bid shading: the bid is between floor and value, and maximises the expected surplus under the model."""

import json
from math import log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.auction_context import AuctionContext
from bidder.auction.explain import explain
from bidder.auction.match import match
from bidder.auction.offer import Offer
from bidder.auction.shading import (
    MODEL,
    NO_FIRST_PRICE,
    OFF,
    TOO_DEAR,
    UNKNOWN,
    in_words,
    segment_of,
    shade_bid,
    shade_offers,
)
from bidder.delivery.price_segment import PriceSegment, describe_segment, segment_of_name
from bidder.delivery.win_model import (
    MAX_MODELS,
    MIN_OUTCOMES,
    OutcomeBatch,
    Outcomes,
    Shading,
    WinModel,
    fit_models,
    price_bin,
)
from bidder.money import display
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.decision import decided
from tests.support.matchable import video_request

CHEAP = WinModel(level=-6 * log(2), slope=6.0)
"""A model in which half of the bids of 2.00 win."""


def snapshot_of(account_shading: Shading | None, **changes: object) -> Snapshot:
    return compile_snapshot([campaign(**{"cpm": 5, **changes})], shading=account_shading)


def offer_of(snapshot: Snapshot, **request: object) -> tuple[AuctionContext, Offer]:
    parsed = parse(json.dumps(video_request(**request)).encode())
    slots = match(parsed, snapshot, NOW)
    [offer] = decided(parsed, snapshot, slots=slots)
    return AuctionContext(parsed, "bidder", snapshot.delivery, NOW), offer


@given(st.floats(-8, 8), st.floats(0.2, 30), st.floats(0.2, 60))
def test_no_other_bid_has_a_higher_expected_surplus(level: float, slope: float, value: float) -> None:
    model = WinModel(level, slope)
    best = model.best_bid(value)

    assert 0 <= best <= value
    gains = [(value - value * part / 97) * model.win_rate(value * part / 97) for part in range(98)]
    assert (value - best) * model.win_rate(best) >= max(gains) - 1e-6 * value


@given(st.floats(0, 5), st.sampled_from([0.0, 0.05, 1.0]), st.text("ab", max_size=8))
def test_a_bid_is_never_below_the_floor_nor_above_the_value(floor: float, explored: float, auction: str) -> None:
    snapshot = snapshot_of(Shading({"*": CHEAP}, explored))
    context, offer = offer_of(snapshot, id=auction or "a", at=1, imp={"bidfloor": floor})

    bid = shade_bid(context, offer, None).cpm_micros

    assert bid <= 5_000_000
    assert bid >= floor * 1_000_000 - 1


def test_only_first_price_auctions_are_shaded_and_only_for_campaigns_that_allow_it() -> None:
    account_shading = Shading({"*": CHEAP}, 0.0)
    for at, expected in ((1, MODEL), (2, NO_FIRST_PRICE)):
        context, offer = offer_of(snapshot_of(account_shading), at=at)
        assert shade_bid(context, offer, None).why == expected
    context, offer = offer_of(snapshot_of(account_shading, shading=False), at=1)
    assert shade_bid(context, offer, None) == (5_000_000, 5_000_000, OFF, None, None)
    for nothing in (Shading({}, 0.0), None):
        context, offer = offer_of(snapshot_of(nothing), at=1)
        assert shade_bid(context, offer, None) == (5_000_000, 5_000_000, UNKNOWN, None, None)
    deal = {"pmp": {"deals": [{"id": "d", "at": 3, "bidfloor": 6}]}}
    context, offer = offer_of(snapshot_of(account_shading, deals=[{"id": "d", "cpm": 6}]), at=1, imp=deal)
    assert shade_bid(context, offer, None) == (6_000_000, 6_000_000, NO_FIRST_PRICE, None, None)


@pytest.mark.parametrize(("cpm", "reason"), [(268.435455, MODEL), (268.435456, TOO_DEAR)])
def test_a_bid_whose_value_does_not_fit_in_event_urls_is_not_shaded(cpm: float, reason: str) -> None:
    context, offer = offer_of(snapshot_of(Shading({"*": CHEAP}, 0.0), cpm=cpm), at=1)

    assert shade_bid(context, offer, None).why == reason


def test_the_model_of_the_narrowest_known_segment_is_used() -> None:
    dear = WinModel(level=-6 * log(4), slope=6.0)
    segment = PriceSegment("adx", 1, 3, 12)
    for name in ("adx|1|3|12", "adx|1|3", "adx|1", "adx"):
        shading = Shading({"*": CHEAP, name: dear}, 0.0)

        assert shading.model(segment) == (name, dear)
        assert shading.model(PriceSegment("other", 1, 3, 12)) == ("*", CHEAP)
    assert Shading({}, 0.0).model(segment) is None


def test_stored_models_without_placements_are_still_used() -> None:
    dear = WinModel(level=-6 * log(4), slope=6.0)
    before = Shading({"*": CHEAP, "adx": dear, "adx||": dear, "adx|||2": dear}, 0.0)

    assert before.model(PriceSegment("adx", 1, 3, 12)) == ("adx", dear)
    assert before.model(PriceSegment("adx", 0, 0, 12)) == ("adx||", dear)


def test_the_segment_of_an_auction_has_placement_device_and_hour() -> None:
    for video, placement in (({"plcmt": 2, "placement": 5}, 2), ({"placement": 5}, 21), ({}, 0), ({"plcmt": 99}, 0)):
        context, offer = offer_of(snapshot_of(None), at=1, device={"devicetype": 3}, video=video)

        assert segment_of(context, offer.slot, "adx") == PriceSegment("adx", placement, 3, NOW.hour)


@given(st.builds(PriceSegment, st.sampled_from(["", "adx", "a-b_c"]), *[st.integers(0, 31)] * 2, st.integers(0, 23)))
def test_a_stored_segment_name_is_parsed(segment: PriceSegment) -> None:
    assert segment_of_name(segment.names[0]) == segment
    assert len({describe_segment(name) for name in segment.names}) == len(set(segment.names))


def test_explain_reports_the_value_and_the_same_bid() -> None:
    snapshot = snapshot_of(Shading({"*": CHEAP}, 0.05))
    context, offer = offer_of(snapshot, at=1)
    [bid] = shade_offers(context, [offer], None)

    [explanation] = explain(context.request, snapshot, "bidder", NOW)

    assert explanation.bids[0].price == bid.price
    assert bid.price.value_micros == 5_000_000
    assert bid.price.cpm_micros < 5_000_000
    [output] = explanation.campaigns
    assert output.shaded_bid == shade_bid(context, offer, None)
    assert output.shaded_bid.cpm_micros == bid.price.cpm_micros
    message = in_words(output.shaded_bid)
    assert message.startswith(f"bids {display(bid.price.cpm_micros)} of 5.00")
    assert message.endswith("% in all auctions")


@pytest.mark.parametrize("expected_text", [0.0, 1.0])
def test_the_fitted_model_has_the_win_rates_of_the_market(expected_text: float) -> None:
    rng = Random(5)  # noqa: S311  a repeatable draw
    outcomes = Outcomes()
    for _ in range(6_000):
        bid, other = rng.uniform(1, 4), rng.lognormvariate(log(2), 0.4)
        to_win = round(other * 1e6) if rng.random() < expected_text else None
        outcomes.add(round(bid * 1e6), is_won=bid > other, to_win_micros=to_win)

    model = outcomes.fit()

    for bid, share in ((1.5, 0.236), (2.0, 0.5), (3.0, 0.845)):
        assert model.win_rate(bid) == pytest.approx(share, abs=0.06)


LEAF = PriceSegment("a", 1, 2, 3)


def spread(wins: int, losses: int) -> Outcomes:
    """Outcomes with wins at one price and losses at many prices."""
    outcomes = Outcomes()
    for number in range(max(wins, losses)):
        if number < wins:
            outcomes.add(5_000_000, is_won=True)
        if number < losses:
            outcomes.add(2_000_000 + number * 1_000, is_won=False)
    return outcomes


def test_all_auctions_need_wins_and_losses_at_more_than_one_price() -> None:
    flat = Outcomes()
    for _ in range(500):
        flat.add(5_000_000, is_won=True)
        flat.add(5_000_000, is_won=False)

    assert fit_models([OutcomeBatch(LEAF, 0, flat)], {3}) == {}
    assert fit_models([OutcomeBatch(LEAF, 0, spread(59, 59))], {3}) == {}
    assert set(fit_models([OutcomeBatch(LEAF, 0, spread(60, 60))], {3})) == {"a|1|2|03", "a|1|2", "a|1", "a", "*"}


def test_prices_to_beat_are_enough_without_losses() -> None:
    outcomes = Outcomes()
    for number in range(MIN_OUTCOMES):
        outcomes.add(5_000_000, is_won=True, to_win_micros=1_000_000 + number * 10_000)

    model = fit_models([OutcomeBatch(LEAF, 0, outcomes)])["*"]

    assert model.win_rate(1.3) == pytest.approx(0.5, abs=0.1)
    assert model.best_bid(5.0) < 2.5


def test_only_the_requested_hours_have_their_own_models() -> None:
    batches = [OutcomeBatch(LEAF._replace(hour=hour), 0, spread(80, 80)) for hour in range(24)]

    assert {name for name in fit_models(batches, {3, 4}) if name.count("|") == 3} == {"a|1|2|03", "a|1|2|04"}


def test_a_segment_with_few_outcomes_is_close_to_its_parent_segment() -> None:
    def win_rate(number: int) -> float:
        cheap = Outcomes(wins={price_bin(2_000_000): number})
        win_models = fit_models(
            [OutcomeBatch(PriceSegment("b", 1, 2, 9), 0, spread(500, 500)), OutcomeBatch(LEAF, 0, cheap)], {3}
        )
        return win_models.get("a|1|2|03", win_models["*"]).win_rate(2.0)

    assert win_rate(MIN_OUTCOMES - 1) < win_rate(MIN_OUTCOMES) < win_rate(20 * MIN_OUTCOMES)


def test_older_outcomes_have_less_weight_outside_their_hour_of_the_day() -> None:
    def bid(dear_age: int) -> float:
        dear, cheap = Outcomes(), Outcomes()
        rng = Random(3)  # noqa: S311  a repeatable draw
        for outcomes, middle in ((dear, 4.0), (cheap, 1.0)):
            for _ in range(2_000):
                offered, other = rng.uniform(0.5, 6), rng.lognormvariate(log(middle), 0.3)
                outcomes.add(round(offered * 1e6), is_won=offered > other)
        win_models = fit_models([OutcomeBatch(LEAF, dear_age, dear), OutcomeBatch(LEAF._replace(hour=4), 0, cheap)])
        return win_models["a|1|2"].best_bid(6.0)

    assert bid(12) < bid(6) < bid(0)


def test_a_snapshot_has_a_bounded_number_of_models() -> None:
    rng = Random(1)  # noqa: S311  a repeatable draw
    batches = [OutcomeBatch(LEAF._replace(exchange=f"e{n}"), 0, spread(rng.randrange(40, 90), 60)) for n in range(120)]
    win_models = fit_models(batches, {3})

    assert len(win_models) == MAX_MODELS
    assert "*" in win_models


@given(
    st.dictionaries(st.integers(250, 330), st.integers(0, 400), max_size=8),
    st.dictionaries(st.integers(250, 330), st.integers(0, 400), max_size=8),
    st.dictionaries(st.integers(250, 330), st.integers(0, 400), max_size=8),
    st.none() | st.builds(WinModel, st.floats(-20, 20), st.floats(0.1, 40)),
)
def test_a_fit_of_any_outcomes_is_a_rising_curve(
    wins: dict[int, float], losses: dict[int, float], exact: dict[int, float], around: WinModel | None
) -> None:
    model = Outcomes(wins, losses, exact).fit(around)

    assert 0 <= model.win_rate(0.5) <= model.win_rate(5.0) <= 1
    assert 0 <= model.best_bid(5.0) <= 5.0
