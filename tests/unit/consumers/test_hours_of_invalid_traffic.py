"""Invalid traffic counts against hourly budgets of campaigns, deals and advertisers, in the hour of its notice."""

from datetime import timedelta
from typing import Any

import pytest

from bidder.delivery.budget import Withheld
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign
from tests.support.events import event
from tests.unit.consumers.test_shared_budgets import COST, Shop

HOUR = timedelta(hours=1)
HOURLY = {"hourly_micros": 10 * COST, "pacing": "asap"}
ZONES = ["UTC", "America/New_York", "Asia/Kolkata"]


def withheld_of(snapshot: Snapshot, name: str = "a") -> Withheld | None:
    position = snapshot.index.position(name)
    assert position is not None
    return snapshot.delivery.withheld(position)


def count(shop: Shop, numbers: range, **changes: Any) -> None:
    assert not shop.ledger.record(  # type: ignore[attr-defined]
        [event(number, campaign_id="a", at=shop.now, bid_at=shop.now, **changes) for number in numbers]
    )


@pytest.mark.parametrize("zone", ZONES)
def test_a_campaign_stops_for_the_hour_in_which_invalid_traffic_uses_up_its_budget(zone: str) -> None:
    shop = Shop()
    shop.campaigns.put(campaign(id="a", time_zone=zone, budget=HOURLY))
    assert withheld_of(shop.refresh()) is None

    count(shop, range(4), zone=zone)
    count(shop, range(4, 9), zone=zone, invalid="crawler")
    snapshot = shop.refresh()
    assert withheld_of(snapshot) is None
    assert sum(len(shop.bid(snapshot)) for _ in range(9)) == 1, "one impression is left of ten"

    count(shop, range(9, 10), zone=zone, invalid="too-late")
    assert withheld_of(shop.refresh()) is Withheld.HOURLY_BUDGET
    shop.now = NOW + HOUR
    assert withheld_of(shop.refresh()) is None


def test_a_repeat_of_a_billed_bid_counts_once_against_the_hour() -> None:
    shop = Shop()
    shop.campaigns.put(campaign(id="a", budget=HOURLY))
    count(shop, range(5))
    count(shop, range(5), invalid="replayed")

    snapshot = shop.refresh()

    assert sum(len(shop.bid(snapshot)) for _ in range(9)) == 5


def test_disputed_invalid_traffic_does_not_count_against_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    shop.campaigns.put(campaign(id="a", budget=HOURLY))
    count(shop, range(10), invalid="crawler")
    process = shop.process()
    disputed = process.current_parameters.read_without_secrets().model_copy(update={"invalid_traffic_counts": False})
    process.current_parameters.read_without_secrets = lambda: disputed  # type: ignore[method-assign]
    monkeypatch.setattr(shop, "process", lambda: process)

    assert withheld_of(shop.refresh()) is None


def test_the_hour_of_a_deal_counts_its_invalid_traffic() -> None:
    shop = Shop()
    deals = [{"id": "d", "cpm": 5, "budget": HOURLY}, {"id": "e", "cpm": 5, "budget": HOURLY}]
    shop.campaigns.put(campaign(id="a", deals=deals))
    count(shop, range(10), invalid="crawler", deal_id="d")

    snapshot = shop.refresh()

    budgets = {name: snapshot.delivery.deal_budget("a", name) for name in "de"}
    reasons = {name: budget.withheld for name, budget in budgets.items() if budget is not None}
    assert reasons == {"d": Withheld.HOURLY_BUDGET, "e": None}


@pytest.mark.parametrize("zone", ZONES)
def test_the_hour_of_an_advertiser_counts_the_invalid_traffic_of_its_campaigns(zone: str) -> None:
    shop = Shop()  # the advertiser's time zone is Asia/Tokyo
    shop.limit(hourly_micros=10 * COST)
    shop.campaigns.put_many([campaign(id="a", time_zone=zone), campaign(id="b")])
    shop.refresh()
    count(shop, range(3), zone=zone)
    count(shop, range(3, 10), zone=zone, invalid="crawler")

    assert withheld_of(shop.refresh(), "b") is Withheld.ADVERTISER_HOURLY_BUDGET
    shop.now = NOW + 2 * HOUR
    assert withheld_of(shop.refresh(), "b") is None


@pytest.mark.parametrize("budget", ["hourly_micros", "daily_micros", "total_micros"])
@pytest.mark.parametrize("holder", ["campaign", "deal", "advertiser"])
@pytest.mark.parametrize(("changes", "is_overspent"), [({"invalid": "crawler"}, False), ({}, True)])
def test_only_billed_spend_counts_as_overspend_which_can_stop_all_bidding(
    budget: str, holder: str, changes: dict[str, Any], is_overspent: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    shop, limits = Shop(), {budget: 10 * COST, "pacing": "asap"}
    deal = {"id": "d", "cpm": 5}
    if holder == "advertiser":
        shop.limit(**limits)
    shop.campaigns.put(
        campaign(
            id="a",
            budget=limits if holder == "campaign" else {},
            deals=[{**deal, "budget": limits} if holder == "deal" else deal],
        )
    )
    shop.refresh()
    count(shop, range(9), deal_id="d")
    count(shop, range(9, 40), deal_id="d", **changes)

    snapshot = shop.refresh()

    of_deal = snapshot.delivery.deal_budget("a", "d")
    assert (of_deal and of_deal.withheld) or withheld_of(snapshot), "its bids stop in either case"
    overspends = [record.message for record in caplog.records if '"Overspend"' in record.message]
    assert bool(overspends) == is_overspent
