"""The share of impressions without a notice, estimated from bids with a first quartile."""

import pytest

from bidder.delivery.pacers import PlaybackCounts


@pytest.mark.parametrize(
    ("viewed", "notices", "in_flight", "share"),
    [
        (199, 100, 0.0, 0.0),
        (1_000, 900, 0.0, 0.1),
        (1_000, 900, 200.0, 0.08),
        (1_000, 990, 200.0, 0.0),
        (1_000, 1_000, 0.0, 0.0),
        (1_000, 100, 0.0, 0.5),
    ],
)
def test_a_late_notice_does_not_count_as_lost(viewed: int, notices: int, in_flight: float, share: float) -> None:
    assert PlaybackCounts(viewed, notices).lost_share(in_flight) == pytest.approx(share)
