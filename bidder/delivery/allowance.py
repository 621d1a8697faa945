"""What one process may still bid of each budget until its next snapshot."""

import threading
from collections.abc import Mapping


class Allowance:
    """Counts down what is left of each budget with every bid made, as if each were won.

    Between two refreshes a process can't see what others spend, nor which of its own bids are shown; so it never has
    more bids out than the budget would pay for. A new snapshot brings a new allowance.
    """

    def __init__(self, remaining: Mapping[int, int], next_cost: Mapping[int, int]) -> None:
        """Both by position of the index, in micros; a campaign without a budget is in neither."""
        self._remaining = dict(remaining)
        self._next_cost = next_cost
        self._counting = threading.Lock()
        self.used_up = 0
        """The campaigns that may bid no more, a bit for each position."""

    def commit(self, position: int, cost_micros: int) -> bool:
        """Takes what a bid costs if it is shown; False, and nothing taken, where that is no longer there."""
        if position not in self._remaining:
            return True
        with self._counting:
            left = self._remaining[position] - cost_micros
            if left >= 0:
                self._remaining[position] = left
            if self._remaining[position] < self._next_cost[position]:
                self.used_up |= 1 << position
            return left >= 0
