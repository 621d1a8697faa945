"""How long after a bid its impression is noticed: learned from the ledger's counts by whole minutes."""

from collections.abc import Sequence

MINUTES = 60
"""A bid can be billed for an hour; then its token is refused."""

_GUESS = (8.0, 2.0)
"""Impressions by minute of delay that are assumed before any are known: most within a minute, the rest in the next."""


class NoticeDelay:
    """The distribution of the delay from bids to the notices of their impressions."""

    def __init__(self, counts: Sequence[float] = ()) -> None:
        """`counts` are impressions by the whole minutes of their delay, the first for less than one."""
        known = [*counts[:MINUTES], *[0.0] * (MINUTES - len(counts))]
        for minute, guess in enumerate(_GUESS):
            known[minute] += guess
        total, seen = sum(known), 0.0
        self._by_end: list[float] = [0.0]
        for count in known:
            seen += count
            self._by_end.append(seen / total)

    def noticed(self, seconds: float) -> float:
        """The share of impressions that are noticed so many seconds after their bids."""
        if seconds <= 0:
            return 0.0
        minute, rest = divmod(seconds / 60, 1)
        if minute >= MINUTES:
            return 1.0
        before, after = self._by_end[int(minute)], self._by_end[int(minute) + 1]
        return before + (after - before) * rest

    def noticed_of_minute(self, start: float, now: float) -> float:
        """The share for the bids of a whole minute that began at `start`, spread evenly over it, in seconds."""
        age = now - start
        return sum(self.noticed(age - second) for second in (10, 30, 50)) / 3

    @property
    def horizon(self) -> int:
        """Minutes until all but a thousandth of the impressions are noticed."""
        return next(minute for minute, share in enumerate(self._by_end) if share >= 0.999)
