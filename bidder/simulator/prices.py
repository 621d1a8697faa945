"""The price learning of the simulated bidder: outcomes by segment and hour, and the win models fitted to them."""

from math import inf

from bidder.delivery.price_segment import PriceSegment
from bidder.delivery.win_model import OutcomeBatch, Outcomes, Shading, fit_models

_FIT_SECONDS = 300
"""The seconds between two fits: the interval at which the real refresh reads outcomes."""
_HOUR = 3600
_KEPT_HOURS = 48


class LearnedPrices:
    """The outcomes known from notices. `explored` is the share of bids that explore prices; 0 switches shading off."""

    def __init__(self, explored: float) -> None:
        self._explored = explored
        self._outcomes: dict[tuple[PriceSegment, int], Outcomes] = {}
        self._shading: Shading | None = None
        self._fitted = -inf

    def learn(
        self, segment: PriceSegment, at: float, bid_micros: int, *, is_won: bool, to_win_micros: int | None
    ) -> None:
        """Adds the outcome of a bid made `at`, in seconds since 1970."""
        outcomes = self._outcomes.setdefault((segment, int(at // _HOUR)), Outcomes())
        outcomes.add(bid_micros, is_won=is_won, to_win_micros=to_win_micros)

    def shading(self, now: float) -> Shading | None:
        """The models for the refresh at `now`; None without exploration."""
        if self._explored and now - self._fitted >= _FIT_SECONDS:
            hour = int(now // _HOUR)
            for key in [key for key in self._outcomes if key[1] < hour - _KEPT_HOURS]:
                del self._outcomes[key]
            batches = [
                OutcomeBatch(segment, hour - batch_hour, outcomes)
                for (segment, batch_hour), outcomes in self._outcomes.items()
            ]
            next_hour = int((now + _FIT_SECONDS) // _HOUR)
            self._shading = Shading(fit_models(batches, {hour % 24, next_hour % 24}), self._explored)
            self._fitted = now
        return self._shading
