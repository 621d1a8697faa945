"""The share of impressions that are never noticed, from those that were seen to be played."""

import pytest

from bidder.delivery.pacers import Confirmed


@pytest.mark.parametrize(
    ("viewed", "noticed", "in_flight", "share"),
    [
        (199, 100, 0.0, 0.0),
        (1_000, 900, 0.0, 0.1),
        (1_000, 900, 200.0, 0.08),
        (1_000, 990, 200.0, 0.0),
        (1_000, 1_000, 0.0, 0.0),
        (1_000, 100, 0.0, 0.5),
    ],
)
def test_a_notice_that_is_late_is_not_lost(viewed: int, noticed: int, in_flight: float, share: float) -> None:
    assert Confirmed(viewed, noticed).lost(in_flight) == pytest.approx(share)
