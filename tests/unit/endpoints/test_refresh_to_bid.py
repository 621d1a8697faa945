"""From edits to bids with faults at every step: each answer is that of one complete set of campaigns.

A model stores the active campaigns of every published snapshot. The oracle (`tests.support.oracle`) computes the bids
of each. An answer of a bidder must equal the oracle's answer for one of these snapshots. That snapshot must not be
older than the hard age, nor older than the bidder's previous snapshot. If the bidder had time to load the latest
snapshot, and its objects are undamaged, the answer must be that of the latest snapshot.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bidder.campaigns.campaign import Campaign, Status
from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.budget import Spend
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.snapshot.ages import Ages
from bidder.snapshot.container import FORMAT
from bidder.snapshot.disk_fallback import DiskFallback
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.keys import POINTER
from bidder.snapshot.manifest import Manifest
from tests.support.campaigns import NOW, campaign
from tests.support.examples import examples
from tests.support.oracle import best_bids
from tests.support.service import service
from tests.unit.consumers.test_refresh import World

CHECK, HARD = timedelta(seconds=2), timedelta(minutes=10)
NAMES = "abcde"
REQUEST = {
    "id": "auction",
    "test": 1,  # large enough that no allowance is used up, which other tests cover
    "imp": [
        {"id": name, "video": {"mimes": ["video/mp4"], "protocols": [7, 13], "plcmt": number}}
        for number, name in enumerate(NAMES, 1)
    ],
    "site": {"domain": "news.example"},
}
"""One impression for each campaign, so that one answer shows all campaigns."""
Book = list[Campaign]
_FORMAT = f" {FORMAT} ".encode()
DAMAGE: dict[str, Callable[[bytes, int], bytes | None]] = {
    "empty": lambda _, __: b"",
    "cut": lambda data, position: data[:position],
    "changed": lambda data, position: data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :],
    "of the future": lambda data, _: data.replace(_FORMAT, b" 99 ", 1).replace(b'"version"', b'"edition"'),
    "gone": lambda _, __: None,
}


class Died(Exception):
    """The process ends."""


class Away:
    """An S3 that cannot be reached while `is_away`."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self.is_away = False
        self.exceptions = s3.exceptions

    def get_object(self, **request: Any) -> Any:
        if self.is_away:
            raise ConnectionError
        return self._s3.get_object(**request)


class Bidder:
    """A process of the bid function with its own folder for the disk fallback."""

    def __init__(self, s3: Any, folder: Path) -> None:
        self.folder = folder
        self.s3 = Away(s3)
        self.looked: datetime | None = None
        self.seen = 0
        """The latest version that the process has used."""
        self.start()

    def start(self) -> None:
        self.looked = None
        store = DiskFallback(self.s3, "bucket", self.folder, start=lambda work: work())  # type: ignore[arg-type]
        keeper = Keeper(store.load, lambda: Ages(CHECK, HARD, HARD), start=lambda work: work())
        self.service = service(None, keeper=keeper)

    def answer(self, now: datetime) -> dict[str, tuple[int, str]]:
        """The price and the campaign of each bid in an answer, by impression."""
        reply = bid(self.service, Call(json.dumps(REQUEST).encode(), {}, "https://bid.example", now))
        assert reply.status in {200, 204}
        bids = json.loads(reply.body)["seatbid"][0]["bid"] if reply.status == 200 else []
        return {bid_item["impid"]: (round(bid_item["price"] * 1_000_000), bid_item["cid"]) for bid_item in bids}


class RefreshToBid(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.now = NOW
        self.warm = self.world.process()
        self.messages = 1
        """Refresh requests that are not delivered yet."""
        self.books: list[Book] = []
        """The campaigns that running refreshes have read, the innermost refresh last."""
        self.made: dict[int, tuple[Book, Book]] = {}
        self.published: dict[int, datetime] = {}
        """All published versions, with their times."""
        self.damaged: set[str] = set()
        self.world.s3.after_write = self.check_written
        self.folders = TemporaryDirectory()
        self.bidders = [Bidder(self.world.s3, Path(self.folders.name) / str(number)) for number in range(2)]
        for number, name in enumerate(NAMES, 1):
            self.edit(name, number, paused=False, budget=None)
            self.spend(name, 2_000_000)
        self.refresh(again=False, warm=True, dies=None, after=False)
        self.bid(0)

    def teardown(self) -> None:
        if hasattr(self, "folders"):
            self.folders.cleanup()

    # actions of users

    @rule(name=st.sampled_from(NAMES), cpm=st.integers(1, 9), paused=st.booleans(), budget=st.none() | st.just(1))
    def edit(self, name: str, cpm: int, paused: bool, budget: int | None) -> None:
        everything = name == "e"  # the last campaign matches every impression
        number = NAMES.index(name) + 1
        self.world.campaigns.put(
            campaign(
                id=name,
                cpm=cpm,
                status="paused" if paused else "active",
                budget={"total": budget},
                advertiser={"name": name, "domain": f"{name}.example"},
                targeting={} if everything else {"placement": {"include": [number]}},
            )
        )

    @rule(name=st.sampled_from(NAMES), micros=st.sampled_from([0, 2_000_000]))
    def spend(self, name: str, micros: int) -> None:
        self.world.ledger.spent[name] = Spend(micros, 0)

    @rule()
    def request_refresh(self) -> None:
        self.messages += 1

    # time, faults and refreshes

    @rule(seconds=st.sampled_from([1, 2, 3, 60, 300, 601]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.sampled_from([-700, -60, -1, 3600]))
    def clock_jumps(self, seconds: int) -> None:
        if seconds > 0 or POINTER not in self.damaged:  # only one fault at a time
            self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.messages)
    @rule(again=st.booleans(), warm=st.booleans(), dies=st.none() | st.integers(0, 4), after=st.booleans())
    def refresh(self, again: bool, warm: bool, dies: int | None, after: bool) -> None:
        """A message is delivered, perhaps not for the last time. The function may die at any write."""
        self.messages -= not again
        with self.dying(dies, after=after):
            self.run(warm=warm)
            if dies is None:
                assert not self.damaged & self.named_keys(), "a refresh that ends well leaves nothing damaged"

    @precondition(lambda self: self.messages)
    @rule(writes=st.integers(0, 3), name=st.sampled_from(NAMES), cpm=st.integers(1, 9), warm=st.booleans())
    def refresh_during_a_refresh(self, writes: int, name: str, cpm: int, warm: bool) -> None:
        """During a refresh a campaign is changed, and another refresh runs completely."""
        remaining = [writes]

        def interrupt(_: str) -> None:
            remaining[0] -= 1
            if remaining[0] == -1:
                self.now += timedelta(seconds=1)
                self.edit(name, cpm, paused=False, budget=None)
                self.run(warm=False)

        self.world.s3.before_write = interrupt
        self.run(warm=warm)
        self.world.s3.before_write = lambda _: None

    @precondition(lambda self: POINTER in self.world.s3.objects)
    @rule(kind=st.sampled_from(["pointer", "index", "delivery"]), how=st.sampled_from(sorted(DAMAGE)), data=st.data())
    def damage(self, kind: str, how: str, data: Any) -> None:
        manifest = self.world.store.current()
        if manifest is None or (kind == "pointer" and int(self.now.timestamp() * 1000) <= max(self.published)):
            return
        keys = {"pointer": (POINTER,), "index": manifest.index, "delivery": (manifest.delivery,)}[kind]
        key = data.draw(st.sampled_from(keys))
        if key in self.damaged:
            return
        self.damaged.add(key)
        stored = self.world.s3.objects.pop(key)
        if kind == "pointer" and how == "changed":
            how = "cut"  # a changed digit would be another valid number
        harmed = DAMAGE[how](stored, data.draw(st.integers(0, len(stored) - 1)))
        assert harmed != stored
        if harmed is not None:
            self.world.s3.objects[key] = harmed

    @rule(which=st.integers(0, 1), is_away=st.booleans())
    def network(self, which: int, is_away: bool) -> None:
        self.bidders[which].s3.is_away = is_away

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        """A process crashes. Its environment and its disk stay."""
        self.bidders[which].start()

    # assertions

    @rule(which=st.integers(0, 1))
    def bid(self, which: int) -> None:
        bidder = self.bidders[which]
        looks = bidder.looked is None or abs(self.now - bidder.looked) >= CHECK
        bidder.looked = self.now if looks else bidder.looked
        self.check(bidder, bidder.answer(self.now))
        whole = self.published and POINTER not in self.damaged and not self.damaged & self.named_keys()
        if looks and whole and not bidder.s3.is_away:
            bidder.seen = max(bidder.seen, self.pointed_to().version)
        self.check(bidder, bidder.answer(self.now))

    def check(self, bidder: Bidder, answer: dict[str, tuple[int, str]]) -> None:
        candidates = [version for version in self.published if version >= bidder.seen]
        young = [version for version in candidates if self.now - self.published[version] <= HARD]
        matching = [version for version in young if any(_is(answer, book) for book in self.made[version])]
        # after a jump of the clock the latest may be too old as well
        may_be_old = not bidder.seen or len(young) < len(candidates)
        assert matching or (not answer and may_be_old), (answer, bidder.seen, young)

    # helpers

    def run(self, *, warm: bool) -> None:
        self.books.append(self.book())
        try:
            publish_snapshot(self.warm if warm else self.world.process(), self.now)
        finally:
            self.books.pop()

    def book(self) -> Book:
        """The campaigns that may bid now."""
        spend_micros = {name: spend.total_micros for name, spend in self.world.ledger.spent.items()}
        return [
            item
            for item in self.world.campaigns.all()
            if item.status is Status.ACTIVE
            and (item.budget.total_micros is None or spend_micros.get(item.id, 0) <= item.budget.total_micros)
        ]

    def check_written(self, key: str) -> None:
        self.damaged.discard(key)
        if key == POINTER:
            manifest = self.pointed_to()
            assert manifest.version > max(self.published, default=0)
            assert manifest.at
            self.published[manifest.version] = manifest.at
            # A refresh that finds a damaged index starts again and reads later changes.
            self.made[manifest.version] = (self.books[-1], self.book())

    def pointed_to(self) -> Manifest:
        return Manifest.model_validate_json(self.world.s3.objects[POINTER])

    def named_keys(self) -> set[str]:
        if POINTER in self.damaged or POINTER not in self.world.s3.objects:
            return {POINTER}
        manifest = self.pointed_to()
        return {POINTER, *manifest.index, manifest.delivery}

    @contextlib.contextmanager
    def dying(self, dies: int | None, *, after: bool) -> Iterator[None]:
        remaining = dies

        def write(_: str) -> None:
            nonlocal remaining
            if remaining is not None:
                remaining -= 1
                if remaining < 0:
                    raise Died

        def check_written(key: str) -> None:
            self.check_written(key)
            write(key)

        if after:
            self.world.s3.after_write = check_written
        else:
            self.world.s3.before_write = write
        with contextlib.suppress(Died):
            yield
        self.world.s3.before_write, self.world.s3.after_write = (lambda _: None), self.check_written


def _is(answer: dict[str, tuple[int, str]], book: Book) -> bool:
    """Whether an answer equals the oracle's answer for these campaigns."""
    expected = best_bids(REQUEST, book, NOW)
    return answer.keys() == expected.keys() and all(
        price == expected[imp][0] and name in expected[imp][1] for imp, (price, name) in answer.items()
    )


TestRefreshToBid = pytest.mark.slow(RefreshToBid.TestCase)
TestRefreshToBid.settings = settings(examples(1.5), stateful_step_count=40)
