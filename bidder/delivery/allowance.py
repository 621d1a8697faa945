"""What one process may still bid of each budget until its next snapshot."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array


class Allowance:
    """Counts down what is left of each budget with every bid made, as if each were won.

    Between two refreshes a process can't see what others spend, nor which of its own bids are shown; so it never has
    more bids out than the budget would pay for. A new snapshot brings a new allowance.
    """

    NO_LIMIT = -1

    def __init__(self, remaining: "array[int]", cost: Callable[[int], int], used_up: Callable[[int], None]) -> None:
        """`remaining` is in micros, by position of the index, `NO_LIMIT` where there is no budget.

        `cost` says what one more impression may cost; `used_up` is told of each campaign that may bid no more.
        """
        self._remaining = remaining
        self._cost = cost
        self._used_up = used_up
        self._counting = threading.Lock()

    def left(self, position: int) -> int | None:
        """What this process may still bid of a campaign's budget, in micros; None where it has none."""
        left = self._remaining[position]
        return None if left == self.NO_LIMIT else left

    def commit(self, position: int, cost_micros: int) -> bool:
        """Takes what a bid costs if it is shown; False, and nothing taken, where that is no longer there."""
        if self._remaining[position] == self.NO_LIMIT:
            return True
        with self._counting:
            left = self._remaining[position] - cost_micros
            if left >= 0:
                self._remaining[position] = left
            if self._remaining[position] < self._cost(position):
                self._used_up(position)
            return left >= 0
