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


def pack_pods(pod_slots: Sequence[PodSlot], max_steps: int = MAX_STEPS) -> Packing:
    """The packing with the highest total value. No chosen ad bars another; an ad that bars no own mark may repeat.

    After `max_steps` steps, the best packing so far.
    """
    search = _Search(pod_slots, max_steps)
    search.extend(0, 0, _full_capacity(pod_slots[0]), 0, 0, ())
    return search.best


class _Ranking(NamedTuple):
    """The choices of a slot by falling value, so that the search meets good packings first and cuts off the rest.

    `order` has the positions of the choices by rank. `max_densities` has for each rank the highest value per second
    from that rank on, `sums` the total value of the ranks before. `are_unique` is True if no choice may repeat.
    """

    order: list[int]
    ads: list[PodAd]
    max_densities: list[float]
    sums: list[int]
    are_unique: bool

    @classmethod
    def rank_ads(cls, choices: Sequence[PodAd]) -> "_Ranking":
        order = sorted(range(len(choices)), key=lambda position: (-choices[position].value, position))
        ads = [choices[position] for position in order]
        return cls(
            order,
            ads,
            _running_maximum([ad.value / max(1, ad.seconds) for ad in ads]),
            list(accumulate((ad.value for ad in ads), initial=0)),
            all(ad.marks & ad.bars for ad in ads),
        )


class _Capacity(NamedTuple):
    ads: int
    seconds: int


class _Search:
    """The state of the search.

    Adjacent equal slots of one ad are filled by falling value, and empty slots come last. The order of equal slots
    does not change the value, so this loses no packing, and a break of equal slots has few packings to try.
    """

    def __init__(self, pod_slots: Sequence[PodSlot], max_steps: int = MAX_STEPS) -> None:
        self.pod_slots = pod_slots
        self.max_steps = max_steps
        self.best: Packing = ()
        self.best_value = -1
        self.steps = 0
        self.groups: list[tuple[int, int, int]] = []
        # Equal slots share one list of choices.
        rankings = {id(pod_slot.choices): pod_slot.choices for pod_slot in self.pod_slots}
        ranked_by = {key: _Ranking.rank_ads(choices) for key, choices in rankings.items()}
        rankings_of = [ranked_by[id(pod_slot.choices)] for pod_slot in self.pod_slots]
        self.orders = [ranking.order for ranking in rankings_of]
        self.max_densities = [ranking.max_densities for ranking in rankings_of]
        self.sums = [ranking.sums for ranking in rankings_of]
        self.are_unique = [ranking.are_unique for ranking in rankings_of]
        ads_by_slot = [ranking.ads for ranking in rankings_of]
        distinct_ads = {ad for ranking in ranked_by.values() for ad in ranking.ads}
        if all(self.are_unique):
            ads_by_bit = Counter(bit for ad in distinct_ads for bit in _bits(ad.marks & ad.bars))
            groups = (
                (ad, max(_bits(ad.marks & ad.bars), key=lambda bit: (ads_by_bit[bit], bit))) for ad in distinct_ads
            )
            self.groups = sorted(((ad.value, ad.bars, 1 << bit - 1) for ad, bit in groups), reverse=True)
        self.ads_after = [*accumulate((pod_slot.ads for pod_slot in reversed(self.pod_slots[1:])), initial=0)][::-1]
        self.next_unequal = list(range(1, len(self.pod_slots) + 1))
        for number in reversed(range(len(self.pod_slots) - 1)):
            pod_slot, next_slot = self.pod_slots[number], self.pod_slots[number + 1]
            if pod_slot.ads == next_slot.ads == 1 and (pod_slot.seconds, ads_by_slot[number]) == (
                next_slot.seconds,
                ads_by_slot[number + 1],
            ):
                self.next_unequal[number] = self.next_unequal[number + 1]
        # An upper bound of the value of all later slots, without regard to conflicts.
        self.bound_after = [0] * (len(self.pod_slots) + 1)
        for number in reversed(range(len(self.pod_slots))):
            bound = self._bound_of_slot(number, 0, _full_capacity(self.pod_slots[number]))
            self.bound_after[number] = self.bound_after[number + 1] + bound

    def extend(
        self, number: int, start: int, capacity: _Capacity, used_marks: int, value: int, packing: Packing
    ) -> None:
        """Tries all packings that begin with `packing`. The slot `number` takes no ad of a rank before `start`."""
        self.steps += 1
        padded_packing = packing + ((),) * (number + 1 - len(packing))
        if value > self.best_value:
            self.best_value = value
            self.best = padded_packing + ((),) * (len(self.pod_slots) - len(padded_packing))
        if self.steps > self.max_steps:
            return
        upper_bound = value + self._bound_of_slot(number, start, capacity) + self._bound_of_next_slots(number, start)
        if self.groups and upper_bound > self.best_value:
            bound = self._bound_by_groups(capacity.ads + self.ads_after[number], used_marks)
            upper_bound = min(upper_bound, value + bound)
        if upper_bound <= self.best_value:
            return
        order, choices = self.orders[number], self.pod_slots[number].choices
        for rank in range(start, len(order)) if capacity.ads else ():
            ad = choices[order[rank]]
            if ad.seconds <= capacity.seconds and not ad.bars & used_marks:
                next_packing = (*padded_packing[:-1], (*padded_packing[-1], order[rank]))
                next_capacity = _Capacity(capacity.ads - 1, capacity.seconds - ad.seconds)
                self.extend(number, rank, next_capacity, used_marks | ad.marks, value + ad.value, next_packing)
                if upper_bound <= self.best_value:
                    return
        next_unequal = self.next_unequal[number]
        next_number = number + 1 if padded_packing[number] else next_unequal
        if next_number < len(self.pod_slots):
            first_rank = start if next_number < next_unequal else 0
            next_capacity = _full_capacity(self.pod_slots[next_number])
            self.extend(next_number, first_rank, next_capacity, used_marks, value, padded_packing)

    def _bound_of_next_slots(self, number: int, start: int) -> int:
        """An upper bound of the value of the slots after `number`, which takes no ad of a rank before `start`."""
        end = self.next_unequal[number]
        equal_count, sums = end - number - 1, self.sums[number]
        if not self.orders[number]:
            return self.bound_after[end]
        # Equal slots take no rank before this slot's rank, and different ranks where no ad may repeat.
        last_rank = min(start + 1 + equal_count, len(sums) - 1)
        if self.are_unique[number]:
            return self.bound_after[end] + sums[last_rank] - sums[start + 1]
        return self.bound_after[end] + equal_count * (sums[start + 1] - sums[start])

    def _bound_by_groups(self, ads: int, used_marks: int) -> int:
        """An upper bound of the value of `ads` more ads in all slots, none of which bars a mark in `used_marks`.

        Only one of several ads that share a mark and bar it can be shown, so the most valuable ad of each such group
        counts.
        """
        total, used_groups = 0, used_marks
        if not ads:
            return 0
        for value, bars, group in self.groups:
            if not bars & used_marks and not group & used_groups:
                used_groups |= group
                total += value
                ads -= 1
                if not ads:
                    break
        return total

    def _bound_of_slot(self, number: int, start: int, capacity: _Capacity) -> int:
        """An upper bound of the value of the ads from rank `start` on, by the ads left and by the seconds left."""
        order, choices = self.orders[number], self.pod_slots[number].choices
        if not order:
            return 0
        by_count = capacity.ads * choices[order[start]].value
        if self.pod_slots[number].seconds is None:
            return by_count
        return min(by_count, int(self.max_densities[number][start] * capacity.seconds) + 1)


def _full_capacity(pod_slot: PodSlot) -> _Capacity:
    return _Capacity(pod_slot.ads, pod_slot.seconds if pod_slot.seconds is not None else 1 << 30)


def _running_maximum(values: Sequence[float]) -> list[float]:
    """For each position, the largest value from that position on."""
    return list(accumulate(reversed(values), max))[::-1]


def _bits(marks: int) -> Iterator[int]:
    while marks:
        lowest = marks & -marks
        yield lowest.bit_length()
        marks ^= lowest
