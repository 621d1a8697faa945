from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.budget import Spend, Withheld, budget_limits, withheld
from tests.support.campaigns import campaign

limits = st.none() | st.integers(1, 100_000)


@given(limits, limits, st.integers(0, 200_000), st.integers(0, 200_000), st.integers(1, 50_000_000))
def test_a_campaign_bids_exactly_while_one_more_impression_fits_both_budgets(
    total: int | None, daily: int | None, spent: int, today: int, cpm_micros: int
) -> None:
    plain = campaign(cpm=Decimal(cpm_micros) / 1_000_000, budget={"total_micros": total, "daily_micros": daily})
    cost = round(cpm_micros / 1000)

    fits = (total is None or spent + cost <= total) and (daily is None or today + cost <= daily)

    assert (withheld(budget_limits(plain), Spend(spent, today)) is None) == fits


@pytest.mark.parametrize(
    ("changes", "spend", "reason"),
    [
        ({"status": "paused"}, Spend(), Withheld.PAUSED),
        ({"budget": {"total": 1}}, Spend(total_micros=1_000_000), Withheld.TOTAL_BUDGET),
        ({"budget": {"daily": 1, "total": 9}}, Spend(1_000_000, 1_000_000), Withheld.DAILY_BUDGET),
    ],
)
def test_the_reason_is_the_budget_that_is_spent(changes: dict[str, Any], spend: Spend, reason: Withheld) -> None:
    assert withheld(budget_limits(campaign(**changes)), spend) is reason


def test_a_deal_dearer_than_the_open_price_counts_as_the_next_cost() -> None:
    dear = campaign(cpm=1, deals=[{"id": "d", "cpm": 1000}], budget={"total": 1})

    assert withheld(budget_limits(dear), Spend(total_micros=1)) is Withheld.TOTAL_BUDGET
