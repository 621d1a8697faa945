"""Campaigns under the limits of their advertiser, with literal expected values."""

import pytest

from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.budget import BudgetLimits, Spend, Withheld
from bidder.delivery.estimates import Report
from bidder.delivery.pacing import Memory
from bidder.delivery.participation import WHOLE
from bidder.delivery.shared_budgets import withheld_by_advertiser
from bidder.delivery.shared_pacing import limit_paces, remember_shares, sum_reports

LIMITS = BudgetLimits(is_paused=False, total=None, daily=None, cost=0)
NOW = 1_000.0


def test_the_counts_of_an_advertiser_are_the_sums_of_its_campaigns() -> None:
    reports = {
        "a": {0: Report(5, 2), 60: Report(7, 3)},
        "b": {0: Report(1, 1), 120: Report(4, 0)},
        "other": {0: Report(100, 100)},
    }

    assert sum_reports(reports, ["a", "b", "unheard"]) == {0: Report(6, 3), 60: Report(7, 3), 120: Report(4, 0)}


def test_a_campaign_takes_part_no_more_than_its_advertiser() -> None:
    paces = {"less": Pace(10, 5, 6), "more": Pace(WHOLE, 7, 8), "other": Pace(WHOLE, 1, 2)}
    members = {"shop.example": ["less", "more", "unpaced"], "rival.example": ["other"]}

    limited = limit_paces(paces, members, {"shop.example": Pace(20, 100, 200)})

    assert limited == {
        "less": Pace(10, 5, 6),
        "more": Pace(20, 7, 8),
        "unpaced": Pace(20, Allowance.NO_LIMIT, Allowance.NO_LIMIT),
        "other": Pace(WHOLE, 1, 2),
    }
    assert paces["more"].share == WHOLE


def test_the_effective_participation_is_remembered() -> None:
    memories = {name: Memory(participation=share) for name, share in (("a", 0.1), ("b", 0.9), ("c", 0.9))}

    remember_shares(memories, {"shop.example": ["a", "b", "gone"]}, {"shop.example": Memory(participation=0.5)})

    assert [memories[name].participation for name in "abc"] == [0.1, 0.5, 0.9]


@pytest.mark.parametrize(
    ("changes", "spend", "reason"),
    [
        ({}, Spend(10**9, 10**9, 10**9, 10**9, 10**9), None),
        ({"start": NOW}, Spend(), None),
        ({"start": NOW + 1}, Spend(), Withheld.ADVERTISER_FLIGHT),
        ({"end": NOW + 1}, Spend(), None),
        ({"end": NOW}, Spend(), Withheld.ADVERTISER_FLIGHT),
        ({"total": 100}, Spend(total_micros=95), None),
        ({"total": 100}, Spend(total_micros=96), Withheld.ADVERTISER_TOTAL_BUDGET),
        ({"daily": 100}, Spend(today_micros=96), Withheld.ADVERTISER_DAILY_BUDGET),
        ({"hourly": 100}, Spend(hour_micros=96), Withheld.ADVERTISER_HOURLY_BUDGET),
        ({"total_impressions": 9}, Spend(total_impressions=9), Withheld.ADVERTISER_TOTAL_IMPRESSIONS),
        ({"daily_impressions": 9}, Spend(today_impressions=9), Withheld.ADVERTISER_DAILY_IMPRESSIONS),
        ({"daily_impressions": 9}, Spend(today_impressions=8), None),
    ],
)
def test_the_limits_of_an_advertiser_withhold_its_campaigns(
    changes: dict[str, float], spend: Spend, reason: Withheld | None
) -> None:
    limits = LIMITS._replace(**changes)  # type: ignore[arg-type]

    assert withheld_by_advertiser(limits, spend, 5, NOW) is reason
    assert reason is None or str(reason) == reason.value


def test_reasons_are_in_lower_case() -> None:
    assert [reason for reason in Withheld if reason != reason.lower()] == []
