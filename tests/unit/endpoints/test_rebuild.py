"""The refresh, cut short anywhere: bidders only ever see whole snapshots, each newer than the one before."""

import contextlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bidder.campaigns.campaign import Campaign, Status
from bidder.campaigns.goal import Outcome
from bidder.campaigns.repository import CampaignRepository
from bidder.delivery.budget import Spend
from bidder.delivery.counts import Counts
from bidder.endpoints.rebuild import rebuild
from bidder.endpoints.service import Service
from bidder.snapshot.manifest import INDEXES, MANIFESTS, POINTER
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.store import SnapshotStore
from tests.campaigns import NOW, campaign
from tests.fake_s3 import FakeS3
from tests.fake_tables import FakeTables
from tests.service import SETTINGS

MINUTE = timedelta(minutes=1)


class Died(Exception):
    """A process that is gone."""


class Spends:
    """A ledger of what was spent, told from outside."""

    def __init__(self) -> None:
        self.spent: dict[str, Spend] = {}

    def spends(self, campaign_ids: dict[str, object]) -> dict[str, Spend]:
        return {name: self.spent[name] for name in campaign_ids if name in self.spent}


class Learned:
    """Counts, told from outside."""

    def __init__(self) -> None:
        self.counted: dict[tuple[str, str], Counts] = {}

    def counts(self) -> dict[tuple[str, str], Counts]:
        return self.counted


class World:
    """Stores, and the processes that use them."""

    def __init__(self) -> None:
        self.s3 = FakeS3()
        self.s3.now = NOW
        self.tables = FakeTables({"campaigns": ("id",), "history": ("pk", "sk")})
        self.ledger = Spends()
        self.learning = Learned()
        self.campaigns = CampaignRepository(self.tables, "campaigns", "history", pause=lambda _: None)  # type: ignore[arg-type]
        self.store = SnapshotStore(self.s3, "bucket")  # type: ignore[arg-type]

    def process(self) -> Service:
        service = Service(SETTINGS)
        service.store, service.campaigns = self.store, self.campaigns
        service.spent = self.ledger  # type: ignore[assignment]
        service.learning = self.learning  # type: ignore[assignment]
        service.currency_rates = dict  # type: ignore[method-assign]
        return service

    def held(self, known: Snapshot | None = None) -> Snapshot:
        found = self.store.load(known)
        assert found is not None
        return found


def bidding(snapshot: Snapshot) -> dict[str, Campaign]:
    """Who may bid by a snapshot, as what."""
    return {
        index.campaign(position).id: index.campaign(position)
        for index in [snapshot.index]
        for position in range(len(index))
        if snapshot.delivery.withheld(position) is None
    }


def active(world: World) -> dict[str, Campaign]:
    return {c.id: c for c in world.campaigns.all() if c.status is Status.ACTIVE}


def test_a_campaign_with_a_goal_bids_by_what_was_counted_since() -> None:
    world = World()
    world.campaigns.put(campaign(id="a", cpm=None, cpcv="0.01", max_cpm=50))
    rebuild(world.process(), NOW)
    before = world.held().delivery.predictions.of("a", "spot", Outcome.COMPLETION).rate
    world.learning.counted["a", "spot"] = Counts(impressions=1000, completes=900)

    rebuild(world.process(), NOW + MINUTE)

    assert before == 500_000
    assert world.held().delivery.predictions.of("a", "spot", Outcome.COMPLETION).rate > 800_000


def test_an_unchanged_book_is_not_compiled_again() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    rebuild(world.process(), NOW)
    before = len(world.s3.writes)

    rebuild(world.process(), NOW + MINUTE)

    assert [key for key in world.s3.writes[before:] if key.startswith(INDEXES)] == []
    assert set(bidding(world.held())) == {"a", "b"}


def test_a_changed_campaign_alone_is_compiled_and_bidders_keep_the_rest() -> None:
    world = World()
    world.campaigns.put_many([campaign(id=name, cpm=5) for name in "abc"])
    rebuild(world.process(), NOW)
    known = world.held()
    world.campaigns.put(campaign(id="b", cpm=9))

    rebuild(world.process(), NOW + MINUTE)

    held = world.held(known)
    assert held.index.parts[0] is known.index.parts[0]
    assert len(held.index.parts[1]) == 1
    assert bidding(held) == active(world)


def test_a_pause_and_a_spent_budget_stop_a_campaign_with_the_next_refresh() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b", budget={"total": 1})])
    rebuild(world.process(), NOW)
    world.campaigns.set_status("a", Status.PAUSED)
    world.ledger.spent["b"] = Spend(1_000_000, 0)

    rebuild(world.process(), NOW + MINUTE)

    assert bidding(world.held()) == {}


@pytest.mark.parametrize("damage", [b"", b"bidder index 2 0\n", b"bidder index 9 0\nfuture"])
def test_an_index_that_can_not_be_read_is_compiled_anew(damage: bytes) -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    rebuild(world.process(), NOW)
    [key] = [key for key in world.s3.objects if key.startswith(INDEXES)]
    world.s3.objects[key] = damage

    rebuild(world.process(), NOW + MINUTE)

    assert bidding(world.held()) == active(world)


def test_a_late_duplicate_does_not_go_back() -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    rebuild(world.process(), NOW + MINUTE)
    newest = world.held().version

    rebuild(world.process(), NOW)

    assert world.held().version == newest


def test_an_index_that_is_named_for_long_is_written_anew_before_the_bucket_drops_it() -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    world.s3.now = NOW
    rebuild(world.process(), NOW)
    for hours in range(1, 300, 6):
        world.s3.now = NOW + timedelta(hours=hours)
        rebuild(world.process(), world.s3.now)

    [key] = [key for key in world.s3.objects if key.startswith(INDEXES)]
    assert world.s3.now - world.s3.written[key] <= timedelta(days=2)


def test_a_pinned_index_stays_while_pauses_and_budgets_go_on_to_hold() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a", cpm=5), campaign(id="b", cpm=5), campaign(id="c", cpm=5)])
    old = rebuild(world.process(), NOW)
    world.campaigns.put(campaign(id="a", cpm=7))
    world.campaigns.set_status("b", Status.PAUSED)
    world.campaigns.put(campaign(id="c", cpm=5, budget={"total": 1}))
    world.ledger.spent["c"] = Spend(1_000_000, 0)
    rebuild(world.process(), NOW + MINUTE)

    world.store.pin(old)
    rebuild(world.process(), NOW + 2 * MINUTE)
    held = world.held()
    assert {name: c.cpm_micros for name, c in bidding(held).items()} == {"a": 5_000_000}
    assert world.store.manifest(held.version).pinned == old

    world.store.pin(None)
    rebuild(world.process(), NOW + 3 * MINUTE)
    assert {name: c.cpm_micros for name, c in bidding(world.held()).items()} == {"a": 7_000_000}


class Refreshes(RuleBasedStateMachine):
    """Edits, refreshes that die, repeat and come late, damage, and a bidder that looks now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.now = NOW
        self.bidder: Snapshot | None = None
        self.books: dict[int, dict[str, Campaign]] = {}
        """What was for sale when the refresh of a version read it."""
        self.warm = self.world.process()

    @rule(name=st.sampled_from("abcd"), cpm=st.integers(1, 4), paused=st.booleans())
    def edit(self, name: str, cpm: int, paused: bool) -> None:
        self.world.campaigns.put(campaign(id=name, cpm=cpm, status="paused" if paused else "active"))

    @rule(seconds=st.integers(-90, 120), dies=st.none() | st.integers(0, 4), after=st.booleans(), warm=st.booleans())
    def refresh(self, seconds: int, dies: int | None, after: bool, warm: bool) -> None:
        self.now += timedelta(seconds=seconds)
        version = int(self.now.timestamp() * 1000)
        if version in self.books:
            return
        self.books[version] = active(self.world)
        self._arm(dies, after=after)
        with contextlib.suppress(Died):
            rebuild(self.warm if warm else self.world.process(), self.now)
        self._arm(None, after=False)

    @rule(dies=st.integers(0, 4), name=st.sampled_from("abcd"))
    def edit_during_a_refresh(self, dies: int, name: str) -> None:
        """A second refresh, of a later moment, runs in the middle of the first."""
        self.now += timedelta(seconds=2)
        early, late = self.now, self.now + timedelta(seconds=1)
        self.now = late
        if {_version(early), _version(late)} & self.books.keys():
            return
        self.books[_version(early)] = active(self.world)

        def interrupt(_: str, left: list[int] = [dies]) -> None:  # noqa: B006  # counts
            left[0] -= 1
            if left[0] == -1:
                self.world.s3.before_write = lambda _: None
                self.world.campaigns.put(campaign(id=name, cpm=9))
                self.books[_version(late)] = active(self.world)
                rebuild(self.world.process(), late)

        self.world.s3.before_write = interrupt
        rebuild(self.world.process(), early)
        self._arm(None, after=False)

    @precondition(lambda self: self.world.s3.objects)
    @rule(data=st.data())
    def lose_an_old_object(self, data: Any) -> None:
        current = self.world.store.current()
        named = {POINTER, *(current.index if current else ()), current.delivery if current else ""}
        old = sorted(key for key in self.world.s3.objects if key not in named and not key.startswith(MANIFESTS))
        if old:
            del self.world.s3.objects[data.draw(st.sampled_from(old))]

    @rule()
    def look(self) -> None:
        before = self.bidder
        self.bidder = self.world.store.load(self.bidder)
        if before is not None:
            assert self.bidder is not None
            assert self.bidder.version >= before.version

    @invariant()
    def a_bidder_sees_one_whole_book(self) -> None:
        if self.bidder is not None:
            assert bidding(self.bidder) == self.books[self.bidder.version]

    @invariant()
    def what_is_pointed_to_is_whole(self) -> None:
        if self.world.store.current() is not None:
            held = self.world.held()
            assert bidding(held) == self.books[held.version]

    def _arm(self, dies: int | None, *, after: bool) -> None:
        left = dies

        def write(_: str) -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left < 0:
                    raise Died

        self.world.s3.before_write = (lambda _: None) if after else write
        self.world.s3.after_write = write if after else (lambda _: None)


def _version(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


TestRefreshes = Refreshes.TestCase
TestRefreshes.settings = settings(
    max_examples=150, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
