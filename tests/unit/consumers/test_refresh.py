"""The refresh, interrupted at any write: bidders load only complete snapshots, each newer than the last."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bidder.campaigns.advertisers import AdvertiserRepository
from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.goal import Outcome
from bidder.campaigns.repository import CampaignRepository
from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.budget import Spend
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.pacers import Confirmed, Traffic
from bidder.delivery.win_model import Outcomes
from bidder.events.exchange import Exchanges
from bidder.events.ledger import Ledger
from bidder.parameters import DEFAULTS
from bidder.service.service import Service
from bidder.snapshot.keys import INDEXES, MANIFESTS
from bidder.snapshot.pacing_store import PacingStore
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.store import SnapshotStore
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.fake_s3 import FakeS3
from tests.support.service import SETTINGS

MINUTE = timedelta(minutes=1)


class Died(Exception):
    """The process ends."""


class Spends:
    """A ledger with the spend that the test sets."""

    def __init__(self) -> None:
        self.spent: dict[str, Spend] = {}

    def spends(self, campaign_ids: dict[str, object]) -> dict[str, Spend]:
        return {name: self.spent[name] for name in campaign_ids if name in self.spent}


class Learned:
    """Learned counts that the test sets."""

    def __init__(self) -> None:
        self.counted: dict[tuple[str, str], OutcomeCounts] = {}

    def counts(self, _now: datetime) -> dict[tuple[str, str], OutcomeCounts]:
        return self.counted

    def devices(self, _now: datetime) -> dict[int, OutcomeCounts]:
        return {}

    def confirmed(self, _now: datetime) -> Confirmed:
        return Confirmed()

    def outcomes(self, _now: datetime) -> dict[str, Outcomes]:
        return {}


class Unreported:
    """An empty traffic log."""

    def read(self, _now: float) -> Traffic:
        return Traffic({})


class World:
    """The stores, and processes that use them."""

    def __init__(self) -> None:
        self.s3 = FakeS3()
        self.s3.now = NOW
        self.tables = FaultyDynamoDB("campaigns", "history")
        self.exchanges = Exchanges({})
        self.ledger = Spends()
        self.learning = Learned()
        self.campaigns = CampaignRepository(self.tables.client, "campaigns", "history", pause=lambda _: None)
        self.store = SnapshotStore(self.s3, "bucket")  # type: ignore[arg-type]

    def process(self) -> Service:
        service = Service(SETTINGS)
        service.store, service.campaigns = SnapshotStore(self.s3, "bucket"), self.campaigns  # type: ignore[arg-type]
        service.advertisers = AdvertiserRepository(self.tables.client, "history")
        service.spent = self.ledger  # type: ignore[assignment]
        service.learning = self.learning  # type: ignore[assignment]
        service.traffic_log = Unreported()  # type: ignore[assignment]
        service.pacing_store = PacingStore(self.s3, "bucket")  # type: ignore[arg-type]
        plain = DEFAULTS.model_copy(update={"exchanges": self.exchanges})
        service.current_parameters.plain = lambda: plain  # type: ignore[method-assign]
        return service

    def held(self, known: Snapshot | None = None) -> Snapshot:
        loaded = self.store.load(known)
        assert loaded is not None
        return loaded


def bidding(snapshot: Snapshot) -> dict[str, Campaign]:
    """The campaigns that may bid by a snapshot, with their CPM."""
    return {
        index.campaign(position).id: index.campaign(position)
        for index in [snapshot.index]
        for position in range(len(index))
        if snapshot.delivery.withheld(position) is None
    }


def active(world: World) -> dict[str, Campaign]:
    return {c.id: c for c in world.campaigns.all() if c.status is Status.ACTIVE}


def test_a_campaign_with_a_goal_bids_by_the_latest_counts() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=None, cpcv="0.01", max_cpm=50))
    publish_snapshot(world.process(), NOW)
    before = world.held().delivery.predictions.of("a", "spot", Outcome.COMPLETION).rate
    world.learning.counted["a", "spot"] = OutcomeCounts(impressions=1000, completes=900)

    publish_snapshot(world.process(), NOW + MINUTE)

    assert before == 500_000
    assert world.held().delivery.predictions.of("a", "spot", Outcome.COMPLETION).rate > 800_000


def test_unchanged_campaigns_are_not_compiled_again() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    publish_snapshot(world.process(), NOW)
    before = len(world.s3.writes)

    publish_snapshot(world.process(), NOW + MINUTE)

    assert [key for key in world.s3.writes[before:] if key.startswith(INDEXES)] == []
    assert set(bidding(world.held())) == {"a", "b"}


def test_only_a_changed_campaign_is_compiled_and_bidders_keep_the_other_objects() -> None:
    world = World()
    world.campaigns.put_many([campaign(id=name, cpm=5) for name in "abc"])
    publish_snapshot(world.process(), NOW)
    known = world.held()
    world.campaigns.put(campaign(id="b", cpm=9))

    publish_snapshot(world.process(), NOW + MINUTE)

    held = world.held(known)
    assert held.index.parts[0] is known.index.parts[0]
    assert len(held.index.parts[1]) == 1
    assert bidding(held) == active(world)


def test_a_pause_and_a_spent_budget_stop_a_campaign_with_the_next_refresh() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b", budget={"total": 1})])
    publish_snapshot(world.process(), NOW)
    world.campaigns.set_status("a", Status.PAUSED)
    world.ledger.spent["b"] = Spend(1_000_000, 0)

    publish_snapshot(world.process(), NOW + MINUTE)

    assert bidding(world.held()) == {}


@pytest.mark.parametrize("budget", [{}, {"total": 1000}])
def test_a_removed_budget_ends_pacing(budget: dict[str, int]) -> None:
    """The first object of the index still has the old version of the campaign, with its budget."""
    world = World()
    world.campaigns.put_many([campaign(id="a", budget={"total": 1}), campaign(id="b")])
    world.ledger.spent["a"] = Spend(2_000_000, 0)
    publish_snapshot(world.process(), NOW)
    world.campaigns.put(campaign(id="a", budget=budget))

    publish_snapshot(world.process(), NOW + MINUTE)

    held = world.held()
    position = held.index.position("a")
    assert len(held.index.parts) == 2
    assert position is not None
    assert held.delivery.withheld(position) is None
    assert held.delivery.shares is None or held.delivery.shares[position] > 0


@pytest.mark.parametrize("damage", [b"", b"bidder index 2 0\n", b"bidder index 9 0\nfuture"])
def test_an_unreadable_index_is_compiled_again(damage: bytes) -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    publish_snapshot(world.process(), NOW)
    [key] = [key for key in world.s3.objects if key.startswith(INDEXES)]
    world.s3.objects[key] = damage

    publish_snapshot(world.process(), NOW + MINUTE)

    assert bidding(world.held()) == active(world)


def test_a_repeated_refresh_with_a_clock_that_is_behind_still_publishes_a_newer_version() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=1))
    publish_snapshot(world.process(), NOW + MINUTE)
    known = world.held()
    world.campaigns.put(campaign(id="a", cpm=2))

    publish_snapshot(world.process(), NOW)

    held = world.held(known)
    assert held.version == known.version + 1
    assert held.as_of == NOW
    assert bidding(held) == active(world)


def test_an_unreadable_pinned_index_does_not_stop_refreshes() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=5))
    old = publish_snapshot(world.process(), NOW)
    world.store.pin(old)
    [key] = [key for key in world.s3.objects if key.startswith(INDEXES)]
    world.s3.objects[key] = b""
    world.campaigns.put(campaign(id="a", cpm=7))

    publish_snapshot(world.process(), NOW + MINUTE)

    assert bidding(world.held()) == active(world)
    assert world.store.manifest(world.held().version).pinned is None


def test_an_index_in_use_is_rewritten_before_the_lifecycle_rule_deletes_it() -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    world.s3.now = NOW
    publish_snapshot(world.process(), NOW)
    for hours in range(1, 300, 6):
        world.s3.now = NOW + timedelta(hours=hours)
        publish_snapshot(world.process(), world.s3.now)

    [key] = [key for key in world.s3.objects if key.startswith(INDEXES)]
    assert world.s3.now - world.s3.written[key] <= timedelta(days=2)


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
    held = world.held()
    assert {name: c.cpm_micros for name, c in bidding(held).items()} == {"a": 5_000_000}
    assert world.store.manifest(held.version).pinned == old

    assert (held.pinned, held.pinned_since) == (old, NOW)

    world.store.pin(None)
    publish_snapshot(world.process(), NOW + 3 * MINUTE)
    assert (world.held().pinned, world.held().pinned_since) == (None, None)
    assert {name: c.cpm_micros for name, c in bidding(world.held()).items()} == {"a": 7_000_000}


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
    held = world.held()
    deal_budget = held.delivery.deal_budget("a", "d")
    assert bidding(held).keys() == {"a"}
    assert held.delivery.allowance.left(0, at) == 10_000
    assert deal_budget is not None
    assert held.delivery.allowance.left(deal_budget.account, at) == 10_000

    world.ledger.record(event(number, campaign_id="a", at=at, bid_at=at) for number in (8, 9))  # type: ignore[attr-defined]
    publish_snapshot(world.process(), at + MINUTE)
    assert bidding(world.held()) == {}


def test_under_a_pin_the_budget_of_another_advertisers_campaign_does_not_pay_for_the_pinned_one() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    world.store.pin(publish_snapshot(world.process(), NOW), NOW)
    list(world.campaigns.delete_each([campaign(id="a")]))
    other = {"name": "Cars", "domain": "cars.example"}
    world.campaigns.put(campaign(id="a", advertiser=other, budget={"total": 1000}))

    publish_snapshot(world.process(), NOW + MINUTE)
    assert bidding(world.held()).keys() == {"b"}

    world.store.pin(None)
    publish_snapshot(world.process(), NOW + 2 * MINUTE)
    assert bidding(world.held())["a"].advertiser.domain == "cars.example"


def test_a_pin_lasts_when_the_bucket_has_deleted_its_manifest() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=5))
    old = publish_snapshot(world.process(), NOW)
    world.store.pin(old, NOW)
    world.campaigns.put(campaign(id="a", cpm=700))
    for key in [key for key in world.s3.objects if key.startswith(MANIFESTS)]:
        del world.s3.objects[key]  # the lifecycle rule: after a day

    publish_snapshot(world.process(), NOW + timedelta(days=2))

    assert bidding(world.held())["a"].cpm_micros == 5_000_000
    assert (world.held().pinned, world.held().pinned_since) == (old, NOW)


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

    assert bidding(world.held()).keys() == {"b"}
