"""Numbers of the auction compared with their definitions: draws, rotation, shaded bids, sums of a replay."""

import json
from hashlib import blake2b
from math import cos, isclose, log, pi, sqrt
from typing import Any

import pytest

from bidder.auction.auction_context import AuctionContext
from bidder.auction.offer import Offer, rotation_rank
from bidder.auction.price import Price, expected_rate
from bidder.auction.replay import ReplayTally
from bidder.auction.shading import EXPLORATION, MODEL, UNKNOWN, segment_of, shade_bid, shade_offers, value_micros
from bidder.campaigns.goal import Rotation
from bidder.delivery.prediction import Prediction
from bidder.delivery.price_segment import PriceSegment
from bidder.delivery.win_model import Shading, WinModel
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.matchable import video_request

HALF = 1 << 32
CHEAP = WinModel(level=-6 * log(2), slope=6.0)


def bid(snapshot: Snapshot, **request: Any) -> tuple[AuctionContext, list[Offer]]:
    """The decision on a request. `request_id` may have lone surrogates, which JSON cannot express."""
    request_id = request.pop("request_id", "auction")
    parsed = parse(json.dumps(video_request(**request)).encode()).model_copy(update={"id": request_id})
    offers = decided(parsed, snapshot)
    return AuctionContext(parsed, "bidder", snapshot.delivery, NOW), offers


def digest(size: int, *names: str) -> int:
    return int.from_bytes(blake2b("\0".join(names).encode("utf-8", "surrogatepass"), digest_size=size).digest())


@pytest.mark.parametrize("request_id", ["auction", "a2", "\ud800"])
def test_the_draw_of_an_offer_is_a_hash_of_request_impression_and_campaign(request_id: str) -> None:
    """Every process and `explain` must draw the same number."""
    _, [offer] = bid(compile_snapshot([campaign()]), request_id=request_id)

    assert (offer.draw, offer.rotation_rank) == (digest(8, request_id, "1", "plain"), 0)


def test_the_rotation_draw_is_a_hash_of_the_creative() -> None:
    spots = [creative(id="a", weight=1), creative(id="b", weight=3)]
    _, [offer] = bid(compile_snapshot([campaign(rotation="weighted", creatives=spots)]))
    turns = {
        name: log(((digest(8, "auction", "1", "plain", name) >> 32) + 0.5) / HALF) / weight
        for name, weight in (("a", 1), ("b", 3))
    }

    assert offer.fit.creative.id == max(turns, key=lambda name: turns[name])
    assert isclose(offer.rotation_rank, max(turns.values()))


def test_the_order_of_creatives_under_even_and_weighted_rotation() -> None:
    for high in (0, 1, HALF // 2, HALF - 1):
        uniform = (high + 0.5) / HALF
        for low in (0, HALF - 1):
            draw = high * HALF + low
            assert isclose(rotation_rank(Rotation.EVEN, 5, None, draw), log(uniform))
            assert isclose(rotation_rank(Rotation.EVEN, 5, Prediction(1, 1), draw), log(uniform))
            assert isclose(rotation_rank(Rotation.WEIGHTED, 5, Prediction(1, 1), draw), log(uniform) / 5)
            assert isclose(rotation_rank(Rotation.BEST, 5, None, draw), log(uniform))


@pytest.mark.parametrize(("rate", "weight"), [(0.25, 3), (0.5, 0), (0.9, 99)])
@pytest.mark.parametrize(("low", "angle"), [(0, 0), (HALF // 2, pi), (HALF // 3, 2 * pi / 3)])
def test_optimized_rotation_draws_from_the_distribution_of_the_predicted_rate(
    rate: float, weight: int, low: int, angle: float
) -> None:
    for high in (1, HALF // 2, HALF - 1):
        normal = sqrt(-2 * log((high + 0.5) / HALF)) * cos(angle)
        expected = rate + normal * sqrt(rate * (1 - rate) / (weight + 1))
        rank = rotation_rank(Rotation.BEST, 7, Prediction(round(rate * 1_000_000), weight), high * HALF + low)
        assert isclose(rank, expected, abs_tol=1e-6)


def test_the_expected_rate_under_each_rotation() -> None:
    assert expected_rate(Rotation.BEST, [1, 3], [10, 7]) == 10
    assert expected_rate(Rotation.EVEN, [1, 3], [10, 7]) == 8
    assert expected_rate(Rotation.WEIGHTED, [1, 3], [10, 7]) == 7
    assert expected_rate(Rotation.WEIGHTED, [3, 1], [10, 7]) == 9
    with pytest.raises(ValueError, match="argument 2 is longer"):
        expected_rate(Rotation.WEIGHTED, [1], [10, 7])


@pytest.mark.parametrize("explored", [1.0, 0.5])
def test_an_exploring_bid_is_between_30_percent_of_the_value_and_the_value(explored: float) -> None:
    snapshot = compile_snapshot([campaign(cpm=5)], shading=Shading({}, explored))
    for request_id in ["\ud800", *(f"a{number}" for number in range(20))]:
        context, [offer] = bid(snapshot, request_id=request_id, at=1)
        draw = digest(7, request_id, "1", "plain", "shading") / 2**56
        result = shade_bid(context, offer, None)
        if draw < explored:
            share = 0.3 + 0.7 * draw / explored
            assert abs(result.cpm_micros - 5_000_000 * share) <= 1
            assert result == (result.cpm_micros, 5_000_000, EXPLORATION, None, None)
        else:
            assert result == (5_000_000, 5_000_000, UNKNOWN, None, None)


def test_the_draw_at_the_exploration_share_does_not_explore() -> None:
    draw = digest(7, "auction", "1", "plain", "shading") / 2**56
    snapshot = compile_snapshot([campaign(cpm=5)], shading=Shading({}, draw))
    context, [offer] = bid(snapshot, at=1)

    assert context.delivery.shading is not None
    assert context.delivery.shading.explored_share == draw
    assert shade_bid(context, offer, None).why == UNKNOWN


def test_a_shaded_bid_reaches_the_floor_and_one_micro() -> None:
    snapshot = compile_snapshot([campaign(cpm=5)], shading=Shading({"*": CHEAP}, 0.0))
    context, [offer] = bid(snapshot, at=1)
    best = int(CHEAP.best_bid(5.0) * 1_000_000)
    assert shade_bid(context, offer, None) == (best, 5_000_000, MODEL, "*", CHEAP.win_rate(best / 1_000_000))
    for floor in (1, 4, 4.9):
        context, [offer] = bid(snapshot, at=1, imp={"bidfloor": floor})
        assert shade_bid(context, offer, None).cpm_micros == max(best, floor * 1_000_000)
    context, [offer] = bid(
        compile_snapshot([campaign(cpm="0.000002")], shading=Shading({}, 1.0)), at=1, request_id="a2"
    )
    assert shade_bid(context, offer, None).cpm_micros == 1


def test_a_shaded_offer_keeps_its_value() -> None:
    snapshot = compile_snapshot([campaign(cpm=5)], shading=Shading({"*": CHEAP}, 0.0))
    context, offers = bid(snapshot, at=1)
    best = int(CHEAP.best_bid(5.0) * 1_000_000)

    [offer] = shade_offers(context, offers, None)

    assert offer == offers[0]._replace(price=Price(best, None, None, 5_000_000))
    assert (value_micros(offer.price), value_micros(offers[0].price)) == (5_000_000, 5_000_000)
    plain, offers = bid(compile_snapshot([campaign()]), at=1)
    assert shade_offers(plain, offers, None) == offers


def test_the_segment_of_an_auction() -> None:
    context, [offer] = bid(compile_snapshot([campaign()]), device={"devicetype": 3}, video={"plcmt": 2})
    assert segment_of(context, offer.slot, "adx") == PriceSegment("adx", 2, 3, 12)
    context, [offer] = bid(compile_snapshot([campaign()]), video={"plcmt": 2})
    assert segment_of(context, offer.slot, None) == PriceSegment("", 2, 0, 12)


def test_the_mean_of_a_replay_is_rounded_to_a_micro() -> None:
    means = [
        ReplayTally(bids, total, 0).average_cpm_micros for bids, total in ((0, 0), (2, 4), (2, 5), (3, 10), (3, 11))
    ]

    assert means == [None, 2, 3, 3, 4]
