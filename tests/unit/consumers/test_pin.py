"""Refreshes under a pin: the bids of the pinned campaigns, with the pauses and budgets of the stored ones."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bidder.campaigns.campaign import Status
from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.budget import Spend
from bidder.events.ledger import Ledger
from bidder.snapshot.keys import INDEXES, MANIFESTS
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.unit.consumers.test_refresh import MINUTE, World, active, bidding


def test_an_unreadable_pinned_index_does_not_stop_refreshes() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=5))
    old = publish_snapshot(world.process(), NOW)
    world.store.pin(old)
    [key] = [key for key in world.s3.objects if key.startswith(INDEXES)]
    world.s3.objects[key] = b""
    world.campaigns.put(campaign(id="a", cpm=7))

    publish_snapshot(world.process(), NOW + MINUTE)

    assert bidding(world.load_snapshot()) == active(world)
    assert world.store.manifest(world.load_snapshot().version).pinned is None


def test_under_a_pin_pauses_and_budgets_still_apply() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a", cpm=5), campaign(id="b", cpm=5), campaign(id="c", cpm=5)])
    old = publish_snapshot(world.process(), NOW)
    world.campaigns.put(campaign(id="a", cpm=7))
    world.campaigns.set_status("b", Status.PAUSED)
    world.campaigns.put(campaign(id="c", cpm=5, budget={"total": 1}))
    world.ledger.spent["c"] = Spend(1_000_000, 0)
    publish_snapshot(world.process(), NOW + MINUTE)

    world.store.pin(old)
    publish_snapshot(world.process(), NOW + 2 * MINUTE)
    snapshot = world.load_snapshot()
    assert {name: c.cpm_micros for name, c in bidding(snapshot).items()} == {"a": 5_000_000}
    assert world.store.manifest(snapshot.version).pinned == old

    assert (snapshot.pinned, snapshot.pinned_since) == (old, NOW)

    world.store.pin(None)
    publish_snapshot(world.process(), NOW + 3 * MINUTE)
    assert (world.load_snapshot().pinned, world.load_snapshot().pinned_since) == (None, None)
    assert {name: c.cpm_micros for name, c in bidding(world.load_snapshot()).items()} == {"a": 7_000_000}


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_under_a_pin_budgets_are_counted_by_the_pinned_price_and_time_zone(zone: str) -> None:
    """The tokens of pinned bids have the pinned time zone, so the ledger counts their days by it."""
    world = World()
    ledger = FaultyDynamoDB("ledger")
    world.ledger = Ledger(ledger.client, "ledger", pause=lambda _: None)  # type: ignore[assignment]
    deal = {"id": "d", "cpm": 6}
    pinned = campaign(id="a", cpm=5, deals=[{**deal, "budget": {"daily": 9}}], budget={"daily": 8, "pacing": "asap"})
    world.campaigns.put(pinned)
    world.store.pin(publish_snapshot(world.process(), NOW), NOW)
    edited = {"daily_micros": 50_000, "daily_impressions": 100, "pacing": "asap"}
    deals = [{**deal, "cpm": 60, "budget": {"daily_micros": 50_000}}]
    world.campaigns.put(campaign(id="a", cpm=50, time_zone=zone, deals=deals, budget=edited))
    at = NOW + timedelta(hours=8)  # in Tokyo it is tomorrow
    world.ledger.record(  # type: ignore[attr-defined]
        event(number, campaign_id="a", at=at, bid_at=at, deal_id="d") for number in range(8)
    )

    publish_snapshot(world.process(), at)
    snapshot = world.load_snapshot()
    deal_budget = snapshot.delivery.deal_budget("a", "d")
    assert bidding(snapshot).keys() == {"a"}
    assert snapshot.delivery.allowance.remaining_micros(0, at) == 10_000
    assert deal_budget is not None
    assert snapshot.delivery.allowance.remaining_micros(deal_budget.account, at) == 10_000

    world.ledger.record(event(number, campaign_id="a", at=at, bid_at=at) for number in (8, 9))  # type: ignore[attr-defined]
    publish_snapshot(world.process(), at + MINUTE)
    assert bidding(world.load_snapshot()) == {}


def test_under_a_pin_the_budget_of_another_advertisers_campaign_does_not_pay_for_the_pinned_one() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    world.store.pin(publish_snapshot(world.process(), NOW), NOW)
    list(world.campaigns.delete_each([campaign(id="a")]))
    other = {"name": "Cars", "domain": "cars.example"}
    world.campaigns.put(campaign(id="a", advertiser=other, budget={"total": 1000}))

    publish_snapshot(world.process(), NOW + MINUTE)
    assert bidding(world.load_snapshot()).keys() == {"b"}

    world.store.pin(None)
    publish_snapshot(world.process(), NOW + 2 * MINUTE)
    assert bidding(world.load_snapshot())["a"].advertiser.domain == "cars.example"


def test_a_pin_lasts_when_the_bucket_has_deleted_its_manifest() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=5))
    old = publish_snapshot(world.process(), NOW)
    world.store.pin(old, NOW)
    world.campaigns.put(campaign(id="a", cpm=700))
    for key in [key for key in world.s3.objects if key.startswith(MANIFESTS)]:
        del world.s3.objects[key]  # the lifecycle rule: after a day

    publish_snapshot(world.process(), NOW + timedelta(days=2))

    assert bidding(world.load_snapshot())["a"].cpm_micros == 5_000_000
    assert (world.load_snapshot().pinned, world.load_snapshot().pinned_since) == (old, NOW)


def test_each_refresh_logs_a_pin_older_than_a_day(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    old = publish_snapshot(world.process(), NOW)
    world.store.pin(old, NOW + MINUTE)
    pinned_at = NOW + MINUTE

    def warnings_at(now: datetime) -> list[dict[str, Any]]:
        caplog.clear()
        publish_snapshot(world.process(), now)
        return [json.loads(record.message) for record in caplog.records if "SnapshotPinned" in record.message]

    assert warnings_at(pinned_at + timedelta(days=1)) == []
    [warning] = warnings_at(pinned_at + timedelta(days=1, seconds=1))
    assert (warning["SnapshotPinned"], warning["Reason"], warning["version"]) == (1, "over-a-day", str(old))
    world.store.pin(None)
    assert warnings_at(pinned_at + timedelta(days=2)) == []


def test_a_campaign_that_is_deleted_under_a_pin_stops_bidding() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    old = publish_snapshot(world.process(), NOW)
    world.store.pin(old, NOW)
    list(world.campaigns.delete_each([campaign(id="a")]))

    publish_snapshot(world.process(), NOW + MINUTE)

    assert bidding(world.load_snapshot()).keys() == {"b"}
