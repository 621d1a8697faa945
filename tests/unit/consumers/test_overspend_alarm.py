"""The metric of overspend, which can stop all bidding, over edits of budgets."""

from collections.abc import Callable

import pytest

from tests.support.campaigns import campaign
from tests.support.events import event
from tests.unit.consumers.test_shared_budgets import COST, Shop


def of_campaign(shop: Shop, micros: int) -> None:
    shop.campaigns.put(campaign(id="a", budget={"daily_micros": micros, "pacing": "asap"}))


def of_deal(shop: Shop, micros: int) -> None:
    budget = {"daily_micros": micros, "pacing": "asap"}
    shop.campaigns.put(campaign(id="a", deals=[{"id": "d", "cpm": 5, "budget": budget}]))


def of_advertiser(shop: Shop, micros: int) -> None:
    shop.limit(daily_micros=micros)
    shop.campaigns.put(campaign(id="a"))


def of_another_campaign(shop: Shop, micros: int) -> None:
    list(shop.campaigns.delete_each([campaign(id="a")]))
    shop.refresh()
    of_campaign(shop, micros)


def spend(shop: Shop, numbers: range) -> None:
    events = [
        event(number, campaign_id="a", deal_id="d", price_micros=5_000_000, at=shop.now, bid_at=shop.now)
        for number in numbers
    ]
    assert not shop.ledger.record(events)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("limit", "edit"),
    [
        (of_campaign, of_campaign),
        (of_deal, of_deal),
        (of_advertiser, of_advertiser),
        (of_campaign, of_another_campaign),
    ],
)
def test_an_edit_is_not_overspend_but_later_spend_is(
    limit: Callable[[Shop, int], None], edit: Callable[[Shop, int], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    shop = Shop()

    def is_overspent() -> bool:
        caplog.clear()
        shop.refresh()
        return any('"Overspend"' in record.message for record in caplog.records)

    limit(shop, 20 * COST)
    spend(shop, range(15))
    assert not is_overspent()
    edit(shop, 10 * COST)
    assert [is_overspent() for _ in range(6)] == [False] * 6
    spend(shop, range(15, 17))
    assert is_overspent()


def test_a_budget_that_was_always_below_the_spend_is_overspent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    shop = Shop()
    of_campaign(shop, 10 * COST)
    shop.refresh()
    spend(shop, range(15))

    shop.refresh()

    assert any('"Overspend"' in record.message for record in caplog.records)
