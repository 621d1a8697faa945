"""The impressions of a pod, its capacity, and its rules on repetition."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bidder.auction import decide as decision
from bidder.auction.competitive_separation import Pod, pack_pod
from bidder.auction.match import Slot, match
from bidder.auction.offer import Offer
from bidder.auction.pod import (
    PodCapacity,
    breaks,
    dedupe_settings,
    group_by_break,
    is_pod,
    max_ads_per_slot,
    pod_capacity,
)
from bidder.openrtb.imp import Imp
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.decision import decided


def slots_of(*videos: dict[str, Any], ids: str = "abcdefgh") -> list[Slot]:
    imps = [
        {"id": ids[number % len(ids)] + "x" * (number // len(ids)), "video": {"mimes": ["video/mp4"], **video}}
        for number, video in enumerate(videos)
    ]
    return match(parse(json.dumps({"id": "r", "imp": imps}).encode()), compile_snapshot([campaign()]), NOW)


@pytest.mark.parametrize(
    ("video", "capacity"),
    [
        ({}, (1, None)),
        ({"maxseq": 3}, (1, None)),
        ({"poddur": 0, "maxseq": 3}, (1, None)),
        ({"poddur": -1, "maxseq": 3}, (1, None)),
        ({"poddur": 1}, (10, 1)),
        ({"poddur": 60}, (10, 60)),
        ({"poddur": 60, "maxseq": 1}, (1, 60)),
        ({"poddur": 60, "maxseq": 3}, (3, 60)),
        ({"poddur": 60, "maxseq": 10}, (10, 60)),
        ({"poddur": 60, "maxseq": 11}, (10, 60)),
        ({"poddur": 60, "maxseq": 0}, (10, 60)),
        ({"poddur": 60, "maxseq": -1}, (1, 60)),
    ],
)
def test_the_capacity_of_an_impression(video: dict[str, Any], capacity: tuple[int, int | None]) -> None:
    [slot] = slots_of(video)

    assert pod_capacity(slot.video) == PodCapacity(*capacity)
    assert pod_capacity(slot.video, 2).ads == min(2, capacity[0])
    assert is_pod([slot]) == (capacity[0] > 1)
    assert is_pod([slot, slot])
    assert is_pod([slot, slot], 1)
    assert slot.video.has_room(15) == (capacity[1] is None or capacity[1] >= 15)


def test_which_impressions_are_pods_under_the_limit_of_ads_of_a_request() -> None:
    [slot] = slots_of({"poddur": 60})

    assert [is_pod([slot], most) for most in (1, 2, 3)] == [False, True, True]


@pytest.mark.parametrize(
    ("pods", "maximum"),
    [(0, 10), (1, 10), (3, 10), (4, 7), (5, 6), (7, 4), (15, 2), (16, 1), (30, 1), (31, 1), (60, 1)],
)
def test_all_pods_of_a_request_share_30_ads_and_each_gets_at_least_one(pods: int, maximum: int) -> None:
    slots = slots_of(*[{"poddur": 60}] * pods, {}, {"podid": "x"})

    assert max_ads_per_slot(slots) == maximum


def test_slots_are_grouped_by_pod_id_and_by_numbered_break() -> None:
    videos: list[dict[str, Any]] = [
        {"podid": "a"},
        {},
        {"sequence": 1},
        {"podid": "a", "sequence": 1},
        {"sequence": 2},
        {"sequence": 0},
        {"sequence": 1},
        {"sequence": -1},
    ]

    slots = slots_of(*videos)
    imps = [slot.imp for slot in slots]

    groups = [[slot.imp.id for slot in pod] for pod in group_by_break(slots, imps)]

    assert groups == [["a", "d"], ["b"], ["c", "e"], ["f"], ["g"], ["h"]]
    assert [[slot.imp.id for slot in pod] for pod in group_by_break(slots[4:], imps)] == [["e"], ["f"], ["g"], ["h"]]


def test_an_impression_that_is_not_filled_counts_among_the_numbers_of_breaks() -> None:
    slots = slots_of(*({"sequence": number} for number in (1, 2, 1, 2)))
    imps = [slot.imp for slot in slots]

    groups = [[slot.imp.id for slot in pod] for pod in group_by_break(slots[1:], imps)]

    assert groups == [["b"], ["c", "d"]]
    banner = Imp(id="banner", banner=True)
    assert breaks([banner, *imps]) == breaks(imps)


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        ([], [], {3}),
        ([1], [], {1, 3}),
        ([1], [2], {1, 2, 3}),
        ([5], [1], set()),
        ([1, 5], [], set()),
        ([4], [], {3, 4}),
    ],
)
def test_the_attributes_that_two_ads_of_a_pod_may_not_share(
    first: list[int], second: list[int], kinds: set[int]
) -> None:
    assert dedupe_settings(slots_of({"poddedupe": first}, {"poddedupe": second})) == kinds


@pytest.mark.parametrize(("pods", "steps"), [(1, 1000), (2, 500), (3, 333), (7, 142)])
def test_the_pods_of_a_request_share_the_steps_of_the_search(
    pods: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted: list[int] = []

    def packed(pod: Pod, max_steps: int) -> Sequence[Offer]:
        granted.append(max_steps)
        return pack_pod(pod, max_steps)

    monkeypatch.setattr(decision, "pack_pod", packed)
    videos = [{"mimes": ["video/mp4"], "poddur": 60, "maxduration": 20 + number} for number in range(pods)]
    imps = [{"id": str(number), "video": video} for number, video in enumerate(videos)]
    request = parse(json.dumps({"id": "r", "imp": imps}).encode())
    snapshot = compile_snapshot([campaign()])

    assert len(decided(request, snapshot)) == pods
    assert granted == [steps] * pods
