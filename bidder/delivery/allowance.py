"""The allowance: the amount that one process may still bid from each budget until its next snapshot."""

import threading
from array import array
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

HEADROOM = 1.5
"""The factor by which a process may bid faster than planned: requests spread unevenly over processes."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class Pace(NamedTuple):
    """The speed at which a campaign may bid until the next refresh, set by pacing.

    `share` is the campaign's share of auctions (`bidder.delivery.participation`). A process may bid `burst` micros at
    once, and `per_minute` more micros in each minute since the refresh. A bid counts with the cost of its impression.
    """

    share: int
    burst: int
    per_minute: int


class Allowance:
    """Subtracts each bid from the remaining amount of its budgets, as if every bid won.

    Between two refreshes, a process does not know the spend of other processes and the impressions of its own bids. So
    a process never has more bids in flight than the budget can pay for. A paced campaign also has a rate limit. Without
    the limit, a spike of traffic or a late refresh would spend the budget of the following hours. A new snapshot has a
    new allowance.
    """

    NO_LIMIT = -1

    def __init__(
        self,
        remaining: "array[int]",
        cost: Callable[[int], int],
        on_used_up: Callable[[int], None],
        on_restored: Callable[[int], None] = lambda _: None,
        paces: tuple["array[int]", "array[int]"] | None = None,
        as_of: datetime | None = None,
    ) -> None:
        """`remaining` holds the micros that are left by account, or `NO_LIMIT` for an account without a budget.

        The account of a campaign is its position in the index; the accounts of advertisers and deals follow. `cost`
        returns the most micros of one more impression. `on_used_up` is called with each account that can't pay for
        another bid, and `on_restored` with each account whose pace allows a bid again. `paces` holds the columns
        `burst` and `per_minute`, with `NO_LIMIT` for an account without a pace; the paces start at `as_of`.
        """
        self._remaining = remaining
        self._cost = cost
        self._on_used_up = on_used_up
        self._on_restored = on_restored
        self._paces = paces
        self._as_of = as_of
        self._bid_micros: dict[int, int] = {}
        self._resting_until: dict[int, datetime] = {}
        self._next_restored: datetime | None = None
        self._lock = threading.Lock()

    def copy(self, on_used_up: Callable[[int], None], on_restored: Callable[[int], None]) -> "Allowance":
        """A new allowance with the current amounts, for another process."""
        return Allowance(array("q", self._remaining), self._cost, on_used_up, on_restored, self._paces, self._as_of)

    def restore_resting_accounts(self, now: datetime) -> None:
        """Lets each resting campaign bid again if its pace allows another bid by now."""
        if self._next_restored is None or now < self._next_restored:
            return
        with self._lock:
            for position in [position for position, until in self._resting_until.items() if until <= now]:
                del self._resting_until[position]
                if self._remaining[position] == self.NO_LIMIT or self._remaining[position] >= self._cost(position):
                    self._on_restored(position)
            self._next_restored = min(self._resting_until.values(), default=None)

    @property
    def has_paces(self) -> bool:
        """Whether any account has a pace."""
        return self._paces is not None

    def hourly_plan_micros(self, position: int) -> int | None:
        """The micros that the pace of a campaign plans for this process in an hour, or None without a pace."""
        if self._paces is None or self._paces[0][position] == self.NO_LIMIT:
            return None
        return int(self._paces[1][position] * 60 / HEADROOM)

    def remaining_micros(self, account: int, now: datetime) -> int | None:
        """The micros that this process may bid from an account at this moment, or None without a limit."""
        budget_micros, paced_micros = self._remaining[account], self._paced_micros(account, now)
        if budget_micros == self.NO_LIMIT:
            return paced_micros
        return budget_micros if paced_micros is None else min(budget_micros, paced_micros)

    def commit(self, accounts: Sequence[int], cost_micros: int, now: datetime) -> bool:
        """Subtracts the cost of a bid from each account.

        If an account has too little, returns False and changes none.
        """
        with self._lock:
            amounts = [(account, self.remaining_micros(account, now)) for account in accounts]
            limited_amounts = [(account, micros) for account, micros in amounts if micros is not None]
            for _, micros in limited_amounts:
                if micros < cost_micros:
                    return False
            for account, _ in limited_amounts:
                self._subtract(account, cost_micros, now)
        return True

    def _subtract(self, account: int, cost_micros: int, now: datetime) -> None:
        self._bid_micros[account] = self._bid_micros.get(account, 0) + cost_micros
        if self._remaining[account] != self.NO_LIMIT:
            self._remaining[account] -= cost_micros
            if self._remaining[account] < self._cost(account):
                self._on_used_up(account)
        self._rest(account, now)

    def _rest(self, position: int, now: datetime) -> None:
        """Makes a campaign rest until its pace allows another bid."""
        if self._paces is None:
            return
        paced_micros = self._paced_micros(position, now)
        if paced_micros is None or paced_micros >= self._cost(position):
            return
        missing_micros = self._cost(position) - paced_micros
        per_minute = self._paces[1][position]
        end = now + timedelta(minutes=missing_micros / per_minute) if per_minute * 1440 > missing_micros else _NEVER
        self._resting_until[position] = end
        self._next_restored = end if self._next_restored is None else min(end, self._next_restored)
        self._on_used_up(position)

    def _paced_micros(self, position: int, now: datetime) -> int | None:
        if self._paces is None or self._as_of is None:
            return None
        burst, per_minute = self._paces
        if burst[position] == self.NO_LIMIT:
            return None
        seconds = max(0.0, (now - self._as_of).total_seconds())
        return burst[position] + int(per_minute[position] * seconds / 60) - self._bid_micros.get(position, 0)
