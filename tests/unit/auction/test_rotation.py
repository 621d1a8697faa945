"""Which creative of a campaign is shown, over many auctions."""

from collections import Counter
from math import sqrt
from typing import Any

import pytest

from bidder.delivery.outcome_counts import OutcomeCounts
from tests.support.campaigns import campaign, creative, snapshot
from tests.support.matchable import video_request
from tests.unit.auction.test_decide import offers

AUCTIONS = 2000


def shares(counts: dict[tuple[str, str], OutcomeCounts] | None = None, **changes: Any) -> dict[str, float]:
    """The share of the auctions, with ids that never change, in which each creative is shown."""
    held = snapshot([campaign(**changes)], counts=counts)
    shown = Counter(offers(video_request(id=f"a{n}"), held)["1"].fit.creative.id for n in range(AUCTIONS))
    return {name: count / AUCTIONS for name, count in shown.items()}


def spots(**weights: int) -> list[dict[str, Any]]:
    return [creative(id=name, weight=weight) for name, weight in weights.items()]


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [("even", {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}), ("weighted", {"a": 0.1, "b": 0.3, "c": 0.6})],
)
def test_shares_are_those_asked_for(rotation: str, expected: dict[str, float]) -> None:
    results = shares(rotation=rotation, creatives=spots(a=1, b=3, c=6))

    for name, share in expected.items():
        assert abs(results[name] - share) < 4 * sqrt(share * (1 - share) / AUCTIONS)


def test_the_best_is_shown_nearly_always_once_it_is_known() -> None:
    counts = {
        ("plain", "a"): OutcomeCounts(50_000, completes=20_000),
        ("plain", "b"): OutcomeCounts(50_000, completes=21_500),
    }

    assert shares(counts, rotation="best", creatives=spots(a=1, b=1))["b"] > 0.99


def test_the_best_by_clicks_may_be_another() -> None:
    counts = {
        ("plain", "a"): OutcomeCounts(900_000, completes=600_000, clicks=3000),
        ("plain", "b"): OutcomeCounts(900_000, completes=700_000, clicks=1000),
    }
    openly = {"rotation": "best", "creatives": spots(a=1, b=1), "max_cpm": 20}

    assert shares(counts, **openly)["b"] > 0.99
    assert shares(counts, **openly, cpm=None, cpc=1)["a"] > 0.99


def test_what_is_not_known_yet_is_tried() -> None:
    equal = shares(rotation="best", creatives=spots(a=1, b=1))
    counts = {("plain", "a"): OutcomeCounts(500, completes=260), ("plain", "b"): OutcomeCounts(500, completes=250)}
    leaning = shares(counts, rotation="best", creatives=spots(a=1, b=1, new=1))

    assert abs(equal["a"] - 0.5) < 0.045  # four standard deviations
    assert min(leaning.values()) > 0.1


def test_rotation_pays_no_price_for_fairness() -> None:
    """A creative that can be sold for more is shown, whatever its turn."""
    floors = [{"mindur": 20, "bidfloor": 9}]
    request = video_request(imp={"pmp": {"deals": [{"id": "d", "at": 3, "bidfloor": 4, "durfloors": floors}]}})
    long = [creative(id="short", duration=15), creative(id="long", duration=30)]
    held = snapshot([campaign(cpm=None, deals=[{"id": "d", "cpm": 10}], creatives=long)])

    assert {offers({**request, "id": f"a{n}"}, held)["1"].fit.creative.id for n in range(20)} == {"long"}
