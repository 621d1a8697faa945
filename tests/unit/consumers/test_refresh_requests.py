"""Refresh requests: a snapshot serves all requests from before its start, and no later request."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.consumers.refresh import publish_snapshot
from bidder.consumers.refresh_requests import CLOCKS_DIFFER, last_sent, refresh
from bidder.snapshot.keys import POINTER
from tests.integration.runtime import sns_event
from tests.support.campaigns import NOW, campaign
from tests.support.examples import examples
from tests.unit.consumers.test_refresh import World, bidding

SECOND = timedelta(seconds=1)


def messages_of(*times: datetime) -> list[dict[str, Any]]:
    return [
        {"messageId": f"m{number}", "body": "{}", "attributes": {"SentTimestamp": str(int(at.timestamp() * 1000))}}
        for number, at in enumerate(times)
    ]


def world_with_snapshot() -> World:
    world = World()
    world.campaigns.put(campaign(id="a"))
    publish_snapshot(world.process(), NOW)
    world.s3.writes.clear()
    return world


def test_a_request_from_before_the_start_of_the_latest_snapshot_needs_no_refresh() -> None:
    world = world_with_snapshot()
    requests = messages_of(NOW - 60 * SECOND, NOW - CLOCKS_DIFFER)

    assert refresh(world.process(), requests, NOW + 26 * SECOND) == world.store.load(None).version  # type: ignore[union-attr]
    assert world.s3.writes == []


@pytest.mark.parametrize(
    ("times", "now"),
    [
        ([NOW - CLOCKS_DIFFER + 0.001 * SECOND], NOW + SECOND),
        ([NOW - 60 * SECOND, NOW + 20 * SECOND], NOW + 26 * SECOND),
        ([NOW - 3600 * SECOND], NOW - SECOND),
    ],
    ids=["clocks may differ", "the last came meanwhile", "the snapshot is of a clock that jumped ahead"],
)
def test_a_later_request_causes_a_refresh(times: list[datetime], now: datetime) -> None:
    world = world_with_snapshot()

    refresh(world.process(), messages_of(*times), now)

    assert POINTER in world.s3.writes


@pytest.mark.parametrize(
    "records", [[], sns_event("{}", "arn")["Records"], [*messages_of(NOW), {"messageId": "m", "body": ""}]]
)
def test_a_request_without_a_time_causes_a_refresh(records: list[dict[str, Any]]) -> None:
    world = world_with_snapshot()
    assert last_sent(records) is None

    refresh(world.process(), records, NOW + 60 * SECOND)

    assert POINTER in world.s3.writes


@given(
    st.lists(st.tuples(st.floats(0, 8), st.booleans()), min_size=1, max_size=40),
    st.floats(-4.9, 4.9),
    st.integers(0, 39),
)
@examples(0.3)
def test_the_last_edit_is_in_the_snapshot_under_any_clocks(
    steps: list[tuple[float, bool]], skew: float, late: int
) -> None:
    """Each step is an edit after some seconds, sometimes with a delivery of all waiting requests."""
    world = world_with_snapshot()
    now, waiting = NOW, []
    for number, (pause, delivers) in enumerate(steps, 2):
        now += pause * SECOND
        world.campaigns.put(campaign(id="a", cpm=number))
        waiting += messages_of(now + skew * SECOND)
        if delivers:
            still_waiting = waiting[late:]
            refresh(world.process(), waiting[:late] or waiting, now)
            waiting = still_waiting
    now += 0.01 * SECOND
    refresh(world.process(), waiting or messages_of(now + skew * SECOND), now)

    assert bidding(world.load_snapshot())["a"].cpm_micros == (len(steps) + 1) * 1_000_000
