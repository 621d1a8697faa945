"""Pod packing compared with an exhaustive search."""

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bidder.auction import pod_packing as under_test
from bidder.auction.pod_packing import PodAd, PodSlot, pack_pods
from tests.support.examples import examples

RIVALS = (1 << 5, 1 << 6)
"""Separation bits of two competitors: each excludes the other, and neither excludes itself."""


def ad(value: int, seconds: int, once: int, side: int | None) -> PodAd:
    own, other = (RIVALS[side], RIVALS[1 - side]) if side is not None else (0, 0)
    return PodAd(value, seconds, once | own, once | other)


ads = st.builds(
    ad,
    value=st.integers(1, 12),
    seconds=st.sampled_from([6, 10, 15, 30]),
    once=st.integers(0, 31),
    side=st.sampled_from([None, None, 0, 1]),
)
positions = st.builds(
    PodSlot,
    ads=st.integers(1, 3),
    seconds=st.sampled_from([None, 10, 30, 45]),
    choices=st.lists(ads, max_size=5).map(tuple),
)


def fillings(position: PodSlot) -> Iterator[tuple[int, ...]]:
    """All sets of ads that one position of a pod can hold alone."""
    for count in range(position.ads + 1):
        for chosen in combinations_with_replacement(range(len(position.choices)), count):
            if position.seconds is None or sum(position.choices[i].seconds for i in chosen) <= position.seconds:
                yield chosen


def is_allowed(ads: Sequence[PodAd]) -> bool:
    marks = [bit for ad in ads for bit in range(5) if ad.marks >> bit & 1]
    rivals = {bit for ad in ads for bit in RIVALS if ad.marks & bit}
    return len(marks) == len(set(marks)) and len(rivals) < 2


def pod_ads(pod: Sequence[PodSlot], filling: Sequence[Sequence[int]]) -> list[PodAd]:
    return [position.choices[i] for position, chosen in zip(pod, filling, strict=True) for i in chosen]


pods = st.lists(positions, min_size=1, max_size=3) | st.builds(
    lambda slot, count, more: [slot._replace(ads=1)] * count + more,
    positions,
    st.integers(2, 3),
    st.lists(positions, max_size=1),
)
"""Pods, some with equal slots."""


@examples(5)
@given(pods)
def test_the_packing_has_the_highest_total(pod: list[PodSlot]) -> None:
    filling = pack_pods(pod)

    possible = (pod_ads(pod, each) for each in product(*map(fillings, pod)))
    maximum = max(sum(ad.value for ad in chosen) for chosen in possible if is_allowed(chosen))
    assert sum(ad.value for ad in pod_ads(pod, filling)) == maximum


@given(pods)
def test_the_packing_keeps_all_limits(pod: list[PodSlot]) -> None:
    filling = pack_pods(pod)

    assert len(filling) == len(pod)
    assert is_allowed(pod_ads(pod, filling))
    for position, chosen in zip(pod, filling, strict=True):
        assert len(chosen) <= position.ads
        assert position.seconds is None or sum(position.choices[i].seconds for i in chosen) <= position.seconds


def test_the_search_of_a_realistic_break_ends_within_its_limit() -> None:
    choices = tuple(
        PodAd(1000 + 37 * n % 501, (6, 10, 15, 20, 30)[n % 5], (marks := 1 << n | 1 << (24 + n % 9)), marks)
        for n in range(24)
    )
    pod = [PodSlot(6, 120, choices), PodSlot(1, None, choices), PodSlot(1, None, choices)]
    search = under_test._Search(pod)

    search.extend(0, 0, under_test._full_capacity(pod[0]), 0, 0, ())

    assert search.steps < 100


def test_the_search_of_many_equal_slots_ends_within_its_limit() -> None:
    choices = tuple(PodAd(1000 + 37 * n % 501, 15, 1 << n, 1 << n) for n in range(24))
    pod = [PodSlot(1, None, choices)] * 50
    search = under_test._Search(pod)

    search.extend(0, 0, under_test._full_capacity(pod[0]), 0, 0, ())

    assert search.steps < under_test.MAX_STEPS / 10
    assert search.best_value == sum(ad.value for ad in choices)


def test_an_exponential_search_stops_at_its_limit() -> None:
    """One cheap ad that may repeat disables the bound for ads that may not."""
    choices = tuple(
        PodAd(1000 + 37 * n % 501, (6, 10, 15, 20, 30)[n % 5], (marks := 1 << n | 1 << (24 + n % 5)), marks)
        for n in range(23)
    )
    pod = [PodSlot(6, 120, (*choices, PodAd(1, 5, 0, 0)))] * 3
    search = under_test._Search(pod, max_steps=500)

    search.extend(0, 0, under_test._full_capacity(pod[0]), 0, 0, ())

    assert 500 < search.steps < 2_000
    assert len(search.best) == len(pod)
    assert search.best_value == sum(pod[0].choices[rank].value for position in search.best for rank in position) > 0


def drawn_break(seed: int) -> list[PodSlot]:
    """A break with equal and other slots. Many ads are of one advertiser; in every third break, some may repeat."""
    draw = Random(seed)  # noqa: S311  # no secret
    once = [1 << 8 + n | 1 << draw.randrange(4) for n in range(draw.randrange(3, 8))]
    if seed % 3 == 0:
        once = [0, *(draw.choice([mark, mark, 0]) for mark in once)]
    sides = [None, None, 0, 1] if seed % 2 else [None]
    choices = tuple(
        ad(draw.choice([3, 5, 5, 8, 9]), draw.choice([6, 10, 15, 30]), marks, draw.choice(sides)) for marks in once
    )
    pod_slots = [
        PodSlot(draw.randrange(1, 4), draw.choice([None, 20, 30, 45]), choices[draw.randrange(2) :])
        for _ in range(draw.randrange(3))
    ]
    return [*pod_slots, *[PodSlot(1, draw.choice([None, 15]), choices)] * draw.randrange(1, 4)]


STEPS = (
    "8 9 3 8 4 2 30 5 5 4 6 4 9 3 4 8 6 39 9 6 12 6 6 8 8 4 5 99 2 19 6 4 5 6943 "
    "4 4 10 2 4 12 12 5 6 13 7 63 5 4 8 26 6 21 6 6 7 4 4 28 4 5"
)
"""The steps that the search of each drawn break takes: with a looser bound it takes more, with a wrong one fewer."""


def test_the_bounds_leave_few_steps_of_the_search() -> None:
    steps = []
    for seed in range(60):
        pod = drawn_break(seed)
        search = under_test._Search(pod, max_steps=10_000)
        search.extend(0, 0, under_test._full_capacity(pod[0]), 0, 0, ())
        steps.append(search.steps)

    assert " ".join(map(str, steps)) == STEPS


def test_three_short_ads_precede_one_long_ad_of_a_lower_total() -> None:
    [packing] = pack_pods([PodSlot(9, 3, [PodAd(290, 3, 0, 0), PodAd(100, 1, 0, 0)])])

    assert packing == (1, 1, 1)


def test_among_packings_of_equal_value_the_one_with_the_highest_ad_is_chosen() -> None:
    [packing] = pack_pods([PodSlot(2, 10, [PodAd(5, 10, 1, 1), PodAd(3, 5, 2, 2), PodAd(2, 5, 4, 4)])])

    assert packing == (0,)
