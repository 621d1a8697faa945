"""Creative rotation over many auctions."""

from collections import Counter
from math import sqrt
from typing import Any

import pytest

from bidder.delivery.outcome_counts import OutcomeCounts
from tests.support.campaigns import campaign, compile_snapshot, creative
from tests.support.matchable import video_request
from tests.unit.auction.test_decide import offers

AUCTIONS = 2000


def shares(counts: dict[tuple[str, str], OutcomeCounts] | None = None, **changes: Any) -> dict[str, float]:
    """The share of auctions in which each creative is shown. The auctions have fixed ids."""
    snapshot = compile_snapshot([campaign(**changes)], counts=counts)
    creative_counts = Counter(offers(video_request(id=f"a{n}"), snapshot)["1"].fit.creative.id for n in range(AUCTIONS))
    return {name: count / AUCTIONS for name, count in creative_counts.items()}


def spots(**weights: int) -> list[dict[str, Any]]:
    return [creative(id=name, weight=weight) for name, weight in weights.items()]


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [("even", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}), ("weighted", {"a": 0.1, "b": 0.3, "c": 0.6})],
)
def test_shares_are_those_of_the_campaigns_weights(rotation: str, expected: dict[str, float]) -> None:
    results = shares(rotation=rotation, creatives=spots(a=1, b=3, c=6))

    for name, share in expected.items():
        assert abs(results[name] - share) < 4 * sqrt(share * (1 - share) / AUCTIONS)


def test_optimized_rotation_nearly_always_shows_the_creative_with_the_best_known_rate() -> None:
    counts = {
        ("plain", "a"): OutcomeCounts(50_000, completes=20_000),
        ("plain", "b"): OutcomeCounts(50_000, completes=21_500),
    }

    assert shares(counts, rotation="best", creatives=spots(a=1, b=1))["b"] > 0.99


def test_the_best_creative_by_clicks_may_differ_from_the_best_by_completions() -> None:
    counts = {
        ("plain", "a"): OutcomeCounts(900_000, completes=600_000, clicks=3000),
        ("plain", "b"): OutcomeCounts(900_000, completes=700_000, clicks=1000),
    }
    openly = {"rotation": "best", "creatives": spots(a=1, b=1), "max_cpm": 20}

    assert shares(counts, **openly)["b"] > 0.99
    assert shares(counts, **openly, cpm=None, cpc=1)["a"] > 0.99


def test_creatives_without_counts_are_shown() -> None:
    equal = shares(rotation="best", creatives=spots(a=1, b=1))
    counts = {("plain", "a"): OutcomeCounts(500, completes=260), ("plain", "b"): OutcomeCounts(500, completes=250)}
    leaning = shares(counts, rotation="best", creatives=spots(a=1, b=1, new=1))

    assert abs(equal["a"] - 0.5) < 0.045  # four standard deviations
    assert min(leaning.values()) > 0.1


def test_the_creative_with_the_higher_price_precedes_rotation() -> None:
    """Rotation only decides between creatives of equal price."""
    floors = [{"mindur": 20, "bidfloor": 9}]
    request = video_request(imp={"pmp": {"deals": [{"id": "d", "at": 3, "bidfloor": 4, "durfloors": floors}]}})
    long = [creative(id="short", duration=15), creative(id="long", duration=30)]
    snapshot = compile_snapshot([campaign(cpm=None, deals=[{"id": "d", "cpm": 10}], creatives=long)])

    assert {offers({**request, "id": f"a{n}"}, snapshot)["1"].fit.creative.id for n in range(20)} == {"long"}
