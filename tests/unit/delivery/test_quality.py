"""Participation by device class, the highest predicted rate first, with an unchanged total participation."""

from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.goal import Outcome
from bidder.delivery.estimates import Report
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.pacers import take_classes
from bidder.delivery.pacing import Memory
from bidder.delivery.participation import WHOLE
from bidder.delivery.quality import CLASSES, KEPT_SHARE, class_shares, device_classes

opportunities = st.lists(st.integers(0, 10_000), min_size=CLASSES, max_size=CLASSES)


@given(st.integers(0, WHOLE), opportunities)
def test_the_total_share_is_unchanged_and_the_best_classes_come_first(share: int, seen: list[int]) -> None:
    shares = class_shares(share, seen)
    total = sum(seen)

    assert all(0 <= each <= WHOLE for each in shares)
    assert all(each >= int(share * KEPT_SHARE) for each in shares)
    if total:
        realised = sum(each * count for each, count in zip(shares, seen, strict=True)) / total
        assert abs(realised - share) <= max(4, share * 1e-9)


@given(st.integers(1, WHOLE - 1), opportunities.filter(all))
def test_a_worse_class_exceeds_its_minimum_only_if_the_better_classes_are_full(share: int, seen: list[int]) -> None:
    shares = class_shares(share, seen)

    for number in range(1, CLASSES):
        if shares[number] > share * KEPT_SHARE + 2:
            assert min(shares[:number]) >= WHOLE - 2


@given(st.integers(0, WHOLE))
def test_without_counts_each_class_has_the_same_share(share: int) -> None:
    assert class_shares(share, ()) == class_shares(share, [0, 0, 0]) == (share,) * CLASSES


def test_devices_far_from_the_accounts_rate_are_classed_by_outcome() -> None:
    devices = {
        3: OutcomeCounts(impressions=20_000, views=19_000, completes=18_000, clicks=0),
        4: OutcomeCounts(impressions=20_000, views=12_000, completes=9_000, clicks=80),
        2: OutcomeCounts(impressions=20_000, views=15_000, completes=3_000, clicks=40),
        7: OutcomeCounts(impressions=3),
    }

    classes = device_classes(devices)

    assert classes[Outcome.COMPLETION] == {2: 2, 3: 0}
    assert classes[Outcome.VIEW] == {3: 0, 4: 2}
    assert classes[Outcome.CLICK] == {3: 2, 4: 0}
    assert device_classes({}) == {}


def test_each_minute_of_opportunities_is_counted_once_when_it_is_complete() -> None:
    memory = Memory()
    reports = [{0: Report(5, 0), 60: Report(7, 0)}, {0: Report(1, 0)}, {}]
    take_classes(memory, reports, now=100)
    take_classes(memory, reports, now=110)
    assert memory.classes == [5, 1, 0]
    take_classes(memory, reports, now=160)
    assert memory.classes == [12, 1, 0]
    take_classes(memory, [{120: Report(10**6, 0)}, {}, {}], now=1000)
    assert sum(memory.classes) < 2_001
