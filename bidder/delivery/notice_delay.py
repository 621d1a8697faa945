"""The delay between a bid and the notice of its impression, learned from the ledger's counts by minute."""

from collections.abc import Sequence

MINUTES = 60
"""The most minutes of a delay: the token of a bid expires after an hour."""

_GUESS = (8.0, 2.0)
"""The assumed impressions by minute of delay before any are known: most in the first minute, the rest in the next."""


class NoticeDelay:
    """The distribution of the delay from bids to the notices of their impressions."""

    def __init__(self, counts: Sequence[float] = ()) -> None:
        """`counts` holds the impressions by minute of delay; the first entry is for a delay below one minute."""
        impressions = [*counts[:MINUTES], *[0.0] * (MINUTES - len(counts))]
        for minute, guess in enumerate(_GUESS):
            impressions[minute] += guess
        total, noticed = sum(impressions), 0.0
        self._cumulative_shares: list[float] = [0.0]
        for count in impressions:
            noticed += count
            self._cumulative_shares.append(noticed / total)

    def share_within(self, seconds: float) -> float:
        """The share of impressions whose notices arrive within `seconds` after their bids."""
        minute, fraction = divmod(max(0.0, seconds) / 60, 1)
        if minute >= MINUTES:
            return 1.0
        share_before, share_after = self._cumulative_shares[int(minute)], self._cumulative_shares[int(minute) + 1]
        return share_before + (share_after - share_before) * fraction

    def noticed_share(self, start: float, now: float) -> float:
        """The share of noticed impressions for bids spread evenly over the minute that began at `start`."""
        age = now - start
        return sum(self.share_within(age - second) for second in (10, 30, 50)) / 3

    @property
    def horizon(self) -> int:
        """The minutes until 99.9 % of the impressions are noticed."""
        return next(minute for minute, share in enumerate(self._cumulative_shares) if share >= 0.999)
