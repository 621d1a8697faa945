"""Refreshes that run at once with clocks that differ: each published snapshot has later data than the one before."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.budget import Spend
from bidder.service.service import Service
from bidder.snapshot.keys import POINTER
from tests.support.campaigns import NOW, campaign
from tests.support.fake_s3 import ClientError
from tests.unit.consumers.test_refresh import World, bidding

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
pytestmark = pytest.mark.slow

MAX_CALLS = 40
SKEWS = [-MINUTE, -SECOND, timedelta(), SECOND, MINUTE, 10 * MINUTE]


class Interrupted:
    """A client of S3 that calls functions before chosen calls, by their numbers."""

    def __init__(self, s3: Any, happenings: dict[int, Callable[[], None]]) -> None:
        self.exceptions = s3.exceptions
        self.calls = 0
        self._s3 = s3
        self._happenings = happenings

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls += 1
            if happening := self._happenings.pop(self.calls, None):
                happening()
            return getattr(self._s3, name)(**arguments)

        return call


def spending() -> World:
    """A world with a campaign that has spent nothing yet, and a snapshot of it."""
    world = World()
    world.campaigns.put(campaign(id="a", budget={"total": 1, "pacing": "asap"}))
    publish_snapshot(world.process(), NOW)
    return world


def slow_process(world: World, happenings: dict[int, Callable[[], None]]) -> tuple[Service, Interrupted]:
    process = world.process()
    s3 = Interrupted(world.s3, happenings)
    process.store._s3 = s3  # type: ignore[assignment]
    return process, s3


def spend_and_refresh(world: World, name: str, at: datetime) -> None:
    world.ledger.spent[name] = Spend(1_000_000, 1_000_000)
    publish_snapshot(world.process(), at)


@pytest.mark.parametrize("skew", SKEWS)
def test_no_clock_lets_a_refresh_publish_spend_that_is_older_than_the_published_one(skew: timedelta) -> None:
    for call in range(1, MAX_CALLS):
        world = spending()
        at = NOW + MINUTE
        slow, s3 = slow_process(world, {call: partial(spend_and_refresh, world, "a", at)})

        publish_snapshot(slow, at + skew)

        if s3.calls < call:
            assert call > 5
            return
        assert bidding(world.load_snapshot()) == {}, f"another refresh published before call {call}"


class Suspended(Exception):
    """The process stops before the last write of its refresh."""


def suspend_before_publishing(world: World, at: datetime) -> Callable[[], None]:
    """Runs a refresh up to the write of the pointer. Returns the function that makes the write if it is still valid."""
    held_back: list[dict[str, Any]] = []
    put_object = world.s3.put_object

    def put(**arguments: Any) -> Any:
        if arguments["Key"] == POINTER:
            held_back.append(arguments)
            raise Suspended
        return put_object(**arguments)

    process = world.process()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.s3, "put_object", put)
        with pytest.raises(Suspended):
            publish_snapshot(process, at)

    def go_on() -> None:
        with suppress(ClientError):
            put_object(**held_back[0])

    return go_on


@pytest.mark.parametrize("skew", [-MINUTE, timedelta(), MINUTE])
def test_a_refresh_that_is_overtaken_by_an_earlier_one_publishes_its_edit_nevertheless(skew: timedelta) -> None:
    for call in range(1, MAX_CALLS):
        world = spending()
        go_on = suspend_before_publishing(world, NOW + MINUTE)
        world.campaigns.put(campaign(id="a", cpm=7))
        later, s3 = slow_process(world, {call: go_on})

        publish_snapshot(later, NOW + MINUTE + skew)

        if s3.calls < call:
            assert call > 5
            return
        assert bidding(world.load_snapshot())["a"].cpm_micros == 7_000_000, f"the other published before call {call}"


def test_a_refresh_that_others_overtake_again_and_again_gives_up_since_they_have_its_edit() -> None:
    world = spending()
    world.campaigns.put(campaign(id="a", cpm=7))
    other_count: dict[int, Callable[[], None]] = {
        call: partial(spend_and_refresh, world, "b", NOW + MINUTE) for call in range(5, 2 * MAX_CALLS, 2)
    }
    overtaken, _ = slow_process(world, other_count)

    publish_snapshot(overtaken, NOW + MINUTE)

    assert len(other_count) > 10, "it does not try for ever"
    assert bidding(world.load_snapshot())["a"].cpm_micros == 7_000_000
