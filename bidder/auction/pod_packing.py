"""Fills the slots of an ad pod with the ads of the highest total value: an exact search with a limit of steps.

The problem is a knapsack with conflicts: NP-hard in general, but a pod has a few slots and a few dozen ads. Branch and
bound finds the best packing. After the limit of steps the best packing so far is the result. A break of usual
size does not reach the limit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

MAX_STEPS = 1_000
"""The limit of steps. A step takes 2 us; usual breaks take up to 100 (`tests/unit/auction/test_pod_packing.py`)."""


class PodAd(NamedTuple):
    """An ad that fits a slot: its value, its length in seconds, its marks, and the marks that it bars.

    Marks are bits. Barring is mutual: of two ads each bars the other, or neither does. An ad that bars a mark of its
    own is shown once.
    """

    value: int
    seconds: int
    marks: int
    bars: int


class PodSlot(NamedTuple):
    """A slot of a pod: the most ads, the most seconds of these ads together or None, and the ads that fit."""

    ads: int
    seconds: int | None
    choices: Sequence[PodAd]


Packing = tuple[tuple[int, ...], ...]
"""For each slot, the positions of the chosen ads among the slot's choices."""


def pack_pods(pod_slots: Sequence[PodSlot], most_steps: int = MAX_STEPS) -> Packing:
    """The packing with the highest total value. No chosen ad bars another; an ad that bars no own mark may repeat.

    After `most_steps` steps, the best packing so far.
    """
    search = _Search(pod_slots, most_steps)
    search.extend(0, 0, _start(pod_slots[0]), 0, 0, ())
    return search.best


class _Ranking(NamedTuple):
    """The choices of a slot by falling value, so that the search meets good packings first and cuts off the rest.

    `order` has the positions of the choices by rank. `densest` has for each rank the highest value per second from that
    rank on, `sums` the total value of the ranks before. `once` is True if no choice may repeat.
    """

    order: list[int]
    ads: list[PodAd]
    densest: list[float]
    sums: list[int]
    once: bool

    @classmethod
    def of(cls, choices: Sequence[PodAd]) -> "_Ranking":
        order = sorted(range(len(choices)), key=lambda position: (-choices[position].value, position))
        ads = [choices[position] for position in order]
        return cls(
            order,
            ads,
            _running_maximum([ad.value / max(1, ad.seconds) for ad in ads]),
            list(accumulate((ad.value for ad in ads), initial=0)),
            all(ad.marks & ad.bars for ad in ads),
        )


class _Left(NamedTuple):
    ads: int
    seconds: int


class _Search:
    """The state of the search.

    Adjacent equal slots of one ad are filled by falling value, and empty slots come last. The order of equal slots
    does not change the value, so this loses no packing, and a break of equal slots has few packings to try.
    """

    def __init__(self, pod_slots: Sequence[PodSlot], most_steps: int = MAX_STEPS) -> None:
        self.pod_slots = pod_slots
        self.most_steps = most_steps
        self.best: Packing = ()
        self.best_value = -1
        self.steps = 0
        self.groups: list[tuple[int, int, int]] = []
        # Equal slots share one list of choices.
        rankings = {id(pod_slot.choices): pod_slot.choices for pod_slot in self.pod_slots}
        ranked_by = {key: _Ranking.of(choices) for key, choices in rankings.items()}
        rankings_of = [ranked_by[id(pod_slot.choices)] for pod_slot in self.pod_slots]
        self.orders = [ranking.order for ranking in rankings_of]
        self.densest = [ranking.densest for ranking in rankings_of]
        self.sums = [ranking.sums for ranking in rankings_of]
        self.once = [ranking.once for ranking in rankings_of]
        ranked = [ranking.ads for ranking in rankings_of]
        every = {ad for ranking in ranked_by.values() for ad in ranking.ads}
        if all(self.once):
            shared = Counter(bit for ad in every for bit in _bits(ad.marks & ad.bars))
            groups = ((ad, max(_bits(ad.marks & ad.bars), key=lambda bit: (shared[bit], bit))) for ad in every)
            self.groups = sorted(((ad.value, ad.bars, 1 << bit - 1) for ad, bit in groups), reverse=True)
        self.ads_after = [*accumulate((p.ads for p in reversed(self.pod_slots[1:])), initial=0)][::-1]
        self.alike_until = list(range(1, len(self.pod_slots) + 1))
        for number in reversed(range(len(self.pod_slots) - 1)):
            pod_slot, following = self.pod_slots[number], self.pod_slots[number + 1]
            if pod_slot.ads == following.ads == 1 and (pod_slot.seconds, ranked[number]) == (
                following.seconds,
                ranked[number + 1],
            ):
                self.alike_until[number] = self.alike_until[number + 1]
        # An upper bound of the value of all later slots, without regard to conflicts.
        self.after = [0] * (len(self.pod_slots) + 1)
        for number in reversed(range(len(self.pod_slots))):
            self.after[number] = self.after[number + 1] + self._bound(number, 0, _start(self.pod_slots[number]))

    def extend(self, number: int, start: int, left: _Left, used: int, value: int, chosen: Packing) -> None:
        """Tries all packings that begin with `chosen`. The slot `number` takes no ad of a rank before `start`."""
        self.steps += 1
        current = chosen + ((),) * (number + 1 - len(chosen))
        if value > self.best_value:
            self.best_value = value
            self.best = current + ((),) * (len(self.pod_slots) - len(current))
        if self.steps > self.most_steps:
            return
        most = value + self._bound(number, start, left) + self._beyond(number, start)
        if self.groups and most > self.best_value:
            most = min(most, value + self._together(left.ads + self.ads_after[number], used))
        if most <= self.best_value:
            return
        order, choices = self.orders[number], self.pod_slots[number].choices
        for rank in range(start, len(order)) if left.ads else ():
            ad = choices[order[rank]]
            if ad.seconds <= left.seconds and not ad.bars & used:
                picked = (*current[:-1], (*current[-1], order[rank]))
                less = _Left(left.ads - 1, left.seconds - ad.seconds)
                self.extend(number, rank, less, used | ad.marks, value + ad.value, picked)
                if most <= self.best_value:
                    return
        after_alike = self.alike_until[number]
        following = number + 1 if current[number] else after_alike
        if following < len(self.pod_slots):
            begin = start if following < after_alike else 0
            self.extend(following, begin, _start(self.pod_slots[following]), used, value, current)

    def _beyond(self, number: int, start: int) -> int:
        """An upper bound of the value of the slots after `number`, which takes no ad of a rank before `start`."""
        end = self.alike_until[number]
        alike, sums = end - number - 1, self.sums[number]
        if not self.orders[number]:
            return self.after[end]
        # Equal slots take no rank before this slot's rank, and different ranks where no ad may repeat.
        last = min(start + 1 + alike, len(sums) - 1)
        most = sums[last] - sums[start + 1] if self.once[number] else alike * (sums[start + 1] - sums[start])
        return self.after[end] + most

    def _together(self, ads: int, used: int) -> int:
        """An upper bound of the value of `ads` more ads in all slots, none of which bars a mark in `used`.

        Only one of several ads that share a mark and bar it can be shown, so the most valuable ad of each such group
        counts.
        """
        total, seen = 0, used
        if not ads:
            return 0
        for value, bars, group in self.groups:
            if not bars & used and not group & seen:
                seen |= group
                total += value
                ads -= 1
                if not ads:
                    break
        return total

    def _bound(self, number: int, start: int, left: _Left) -> int:
        """An upper bound of the value of the ads from rank `start` on, by the ads left and by the seconds left."""
        order, choices = self.orders[number], self.pod_slots[number].choices
        if not order:
            return 0
        by_count = left.ads * choices[order[start]].value
        if self.pod_slots[number].seconds is None:
            return by_count
        return min(by_count, int(self.densest[number][start] * left.seconds) + 1)


def _start(pod_slot: PodSlot) -> _Left:
    return _Left(pod_slot.ads, pod_slot.seconds if pod_slot.seconds is not None else 1 << 30)


def _running_maximum(values: Sequence[float]) -> list[float]:
    """For each position, the largest value from that position on."""
    return list(accumulate(reversed(values), max))[::-1]


def _bits(marks: int) -> Iterator[int]:
    while marks:
        lowest = marks & -marks
        yield lowest.bit_length()
        marks ^= lowest
