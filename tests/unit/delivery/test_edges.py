"""Bounds of delivery, each tested at its limit."""

from array import array
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.allowance import Allowance
from bidder.delivery.curve import FLAT, HOUR, HOURS, Curve
from bidder.delivery.health import health
from bidder.delivery.pacing import Forecast
from bidder.delivery.participation import BUCKETS, buckets, rank
from bidder.delivery.price_segment import ALL_AUCTIONS, PriceSegment, describe_segment, device_number
from tests.support.campaigns import NOW
from tests.unit.delivery.test_health import HALF_SPENT, LIMITS, NOON, memory

CLOCKS_GO_BACK = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).timestamp()
UNEVEN = Curve([1.0 + hour % 24 for hour in range(HOURS)])


def test_a_campaign_rests_until_its_pace_allows_another_bid() -> None:
    used: list[str] = []
    allowance = Allowance(
        array("q", [Allowance.NO_LIMIT]),
        lambda _: 1_000,
        lambda _: used.append("rests"),
        lambda _: used.append("bids"),
        (array("q", [1_000]), array("q", [100])),
        NOW,
    )

    assert allowance.commit([0], 1_000, NOW)
    assert used == ["rests"]
    allowance.restore_resting_accounts(NOW + timedelta(minutes=9, seconds=59))
    assert used == ["rests"]
    allowance.restore_resting_accounts(NOW + timedelta(minutes=10))
    assert used == ["rests", "bids"]
    assert allowance.commit([0], 1_000, NOW + timedelta(minutes=10))


@given(st.integers(-48 * 60, 48 * 60), st.integers(0, 48 * 60))
def test_traffic_across_a_clock_change_is_the_sum_of_its_minutes(start: int, minutes: int) -> None:
    begin = CLOCKS_GO_BACK + start * 60
    steps = minutes // 5
    each = [UNEVEN.between(begin + n * 300, begin + (n + 1) * 300, "Europe/Berlin") for n in range(steps)]

    assert UNEVEN.between(begin, begin + steps * 300, "Europe/Berlin") == pytest.approx(sum(each))


@pytest.mark.parametrize("begin", [CLOCKS_GO_BACK - 5 * HOUR, CLOCKS_GO_BACK + 2 * HOUR])
def test_traffic_of_an_hour_without_a_clock_change_is_the_weight_of_the_curve(begin: float) -> None:
    middle = UNEVEN.density(begin + HOUR / 2, "Europe/Berlin")

    assert UNEVEN.between(begin, begin + HOUR, "Europe/Berlin") == pytest.approx(middle, rel=0.02)


def test_a_projection_is_spend_plus_the_expected_spend_of_future_opportunities() -> None:
    report = health(LIMITS, HALF_SPENT, memory(0.2), Forecast(FLAT, 3.0), NOON)

    possible = 3.0 * 12 * 60 * 1.0 * 0.2 * LIMITS.cost
    assert report.outlooks[0].projected == pytest.approx(5_000_000 + possible, rel=1e-3)


def test_a_shortfall_of_lost_auctions_is_counted_at_the_cost_of_an_impression() -> None:
    [short, *_] = health(LIMITS, HALF_SPENT, memory(0.2), Forecast(FLAT, 3.0), NOON).shortfalls

    assert short.micros == pytest.approx(10_000_000 - 5_000_000 - 3.0 * 12 * 60 * 0.2 * LIMITS.cost, rel=1e-3)


def test_a_campaign_takes_part_in_the_buckets_of_its_lowest_ranks() -> None:
    for name in (b"a", b"plain", b"a-long-campaign-id"):
        ranks = {rank(name, bucket): bucket for bucket in range(BUCKETS)}
        assert sorted(ranks) == list(range(BUCKETS))
        for share in (1, 2_000_000_000, 4_000_000_000):
            chosen = buckets(name, share)
            assert chosen == [ranks[number] for number in range(len(chosen))]


def test_a_segment_has_its_parent_segments_and_a_description() -> None:
    assert PriceSegment("adx", 17, 0, 9).names == ("adx|17||09", "adx|17|", "adx|17", "adx", ALL_AUCTIONS)
    assert describe_segment(ALL_AUCTIONS) == "all auctions"
    assert describe_segment("adx|17|2|09") == "exchange adx, placement 1, device type 2, hour 09 UTC"
    assert describe_segment("|16||").startswith("no exchange, plcmt 16, no device type")
    assert [device_number(number) for number in (None, 0, 1, 31, 32)] == [0, 0, 1, 31, 0]
