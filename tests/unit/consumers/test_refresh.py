"""The refresh, interrupted at any write: bidders load only complete snapshots, each newer than the last."""

import json
from datetime import datetime, timedelta

import pytest

from bidder.campaigns.advertisers import AdvertiserRepository
from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.goal import Outcome
from bidder.campaigns.repository import CampaignRepository
from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.budget import Spend
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.pacers import PlaybackCounts, Traffic
from bidder.delivery.win_model import Outcomes
from bidder.endpoints.health import health
from bidder.events.exchange import Exchanges
from bidder.parameters import DEFAULTS
from bidder.service.service import Service
from bidder.snapshot.keys import INDEXES
from bidder.snapshot.pacing_store import PacingStore
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.store import SnapshotStore
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.fake_s3 import FakeS3
from tests.support.service import SETTINGS, service

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

    def playback_counts(self, _now: datetime) -> PlaybackCounts:
        return PlaybackCounts()

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
        service.spend_reader = self.ledger  # type: ignore[assignment]
        service.learning = self.learning  # type: ignore[assignment]
        service.traffic_log = Unreported()  # type: ignore[assignment]
        service.pacing_store = PacingStore(self.s3, "bucket")  # type: ignore[arg-type]
        plain = DEFAULTS.model_copy(update={"exchanges": self.exchanges})
        service.current_parameters.read_without_secrets = lambda: plain  # type: ignore[method-assign]
        return service

    def load_snapshot(self, last_snapshot: Snapshot | None = None) -> Snapshot:
        loaded = self.store.load(last_snapshot)
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
    before = world.load_snapshot().delivery.predictions.predict_creative("a", "spot", Outcome.COMPLETION).rate
    world.learning.counted["a", "spot"] = OutcomeCounts(impressions=1000, completes=900)

    publish_snapshot(world.process(), NOW + MINUTE)

    assert before == 500_000
    assert world.load_snapshot().delivery.predictions.predict_creative("a", "spot", Outcome.COMPLETION).rate > 800_000


def test_unchanged_campaigns_are_not_compiled_again() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    publish_snapshot(world.process(), NOW)
    before = len(world.s3.writes)

    publish_snapshot(world.process(), NOW + MINUTE)

    assert [key for key in world.s3.writes[before:] if key.startswith(INDEXES)] == []
    assert set(bidding(world.load_snapshot())) == {"a", "b"}


def test_only_a_changed_campaign_is_compiled_and_bidders_keep_the_other_objects() -> None:
    world = World()
    world.campaigns.put_many([campaign(id=name, cpm=5) for name in "abc"])
    publish_snapshot(world.process(), NOW)
    last_snapshot = world.load_snapshot()
    world.campaigns.put(campaign(id="b", cpm=9))

    publish_snapshot(world.process(), NOW + MINUTE)

    snapshot = world.load_snapshot(last_snapshot)
    assert snapshot.index.parts[0] is last_snapshot.index.parts[0]
    assert len(snapshot.index.parts[1]) == 1
    assert bidding(snapshot) == active(world)


def test_a_changed_or_deleted_campaign_is_not_counted_again() -> None:
    world = World()
    world.campaigns.put_many([campaign(id=name, cpm=5) for name in "abcd"])
    publish_snapshot(world.process(), NOW)
    world.campaigns.put(campaign(id="b", cpm=9))
    world.campaigns.set_status("c", Status.PAUSED)
    list(world.campaigns.delete_each([campaign(id="d")]))

    publish_snapshot(world.process(), NOW + MINUTE)

    manifest = world.store.current()
    assert manifest is not None
    assert (manifest.campaigns, manifest.bidding) == (3, 2)
    reply = health(service(world.load_snapshot()), NOW + MINUTE)
    assert json.loads(reply.body)["snapshot"]["campaigns"] == 3


def test_a_pause_and_a_spent_budget_stop_a_campaign_with_the_next_refresh() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b", budget={"total": 1})])
    publish_snapshot(world.process(), NOW)
    world.campaigns.set_status("a", Status.PAUSED)
    world.ledger.spent["b"] = Spend(1_000_000, 0)

    publish_snapshot(world.process(), NOW + MINUTE)

    assert bidding(world.load_snapshot()) == {}


@pytest.mark.parametrize("budget", [{}, {"total": 1000}])
def test_a_removed_budget_ends_pacing(budget: dict[str, int]) -> None:
    """The first object of the index still has the old version of the campaign, with its budget."""
    world = World()
    world.campaigns.put_many([campaign(id="a", budget={"total": 1}), campaign(id="b")])
    world.ledger.spent["a"] = Spend(2_000_000, 0)
    publish_snapshot(world.process(), NOW)
    world.campaigns.put(campaign(id="a", budget=budget))

    publish_snapshot(world.process(), NOW + MINUTE)

    snapshot = world.load_snapshot()
    position = snapshot.index.position("a")
    assert len(snapshot.index.parts) == 2
    assert position is not None
    assert snapshot.delivery.withheld(position) is None
    assert snapshot.delivery.shares is None or snapshot.delivery.shares[position] > 0


@pytest.mark.parametrize("damage", [b"", b"bidder index 2 0\n", b"bidder index 9 0\nfuture"])
def test_an_unreadable_index_is_compiled_again(damage: bytes) -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    publish_snapshot(world.process(), NOW)
    [key] = [key for key in world.s3.objects if key.startswith(INDEXES)]
    world.s3.objects[key] = damage

    publish_snapshot(world.process(), NOW + MINUTE)

    assert bidding(world.load_snapshot()) == active(world)


def test_a_repeated_refresh_with_a_clock_that_is_behind_still_publishes_a_newer_version() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=1))
    publish_snapshot(world.process(), NOW + MINUTE)
    last_snapshot = world.load_snapshot()
    world.campaigns.put(campaign(id="a", cpm=2))

    publish_snapshot(world.process(), NOW)

    snapshot = world.load_snapshot(last_snapshot)
    assert snapshot.version == last_snapshot.version + 1
    assert snapshot.as_of == NOW
    assert bidding(snapshot) == active(world)


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
