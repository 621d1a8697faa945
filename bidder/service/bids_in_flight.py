"""The recent bids of a process for capped campaigns. Frequency caps count each of them as an impression.

The notice of an impression takes seconds to be counted, and a viewer may send several requests in that time. A bid
counts for `IN_FLIGHT_TIME`, or until its impression is in the viewer's history. The bid counts whether or not it wins,
and only in its own process.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bidder.auction.offer import Offer

if TYPE_CHECKING:
    from bidder.delivery.frequency import Exposures, History, Impression

IN_FLIGHT_TIME = timedelta(seconds=60)
_PERIOD = 2 * IN_FLIGHT_TIME
"""The least time for which a bid is remembered: its impression may be counted while a later bid is in flight."""
_MAX_VIEWERS = 50_000
"""The most users and households that are remembered; past it all are forgotten, so that memory is limited."""

Names = tuple[str | None, str | None]
"""The pseudonyms of the user and the household of a request, None if it names none."""


class BidsInFlight:
    """The bids of the current and of the previous period, by the pseudonym of a user or household."""

    def __init__(self) -> None:
        self._period_start: datetime | None = None
        self._current_bids: dict[str, list[Impression]] = {}
        self._previous_bids: dict[str, list[Impression]] = {}

    def note(self, offers: Iterable[Offer], names: Callable[[], Names], now: datetime) -> None:
        """Notes the offers of a response. `names` is called if any of their campaigns is capped."""
        capped_offers = [offer for offer in offers if offer.caps]
        if not capped_offers:
            return
        from bidder.delivery.frequency import Impression  # a bid without caps does not wait for the import

        self._begin_period(now)
        for name in filter(None, names()):
            self._current_bids.setdefault(name, []).extend(
                Impression(
                    int(now.timestamp()), offer.campaign.id, offer.fit.creative.id, offer.campaign.advertiser.domain
                )
                for offer in capped_offers
            )

    def add_bids_in_flight(self, exposures: "Exposures", names: Names, now: datetime) -> "Exposures":
        """The exposures with the bids in flight. An unknown history stays unknown."""
        if not self._current_bids and not self._previous_bids:
            return exposures
        user, household = names
        return exposures._replace(
            user=self._add_bids(exposures.user, user, now),
            household=self._add_bids(exposures.household, household, now),
        )

    def _add_bids(self, history: "History | None", name: str | None, now: datetime) -> "History | None":
        if history is None or name is None:
            return history
        from bidder.delivery.frequency import add  # as above

        impressions = [candidate for candidate in history.recent if candidate.at >= (now - _PERIOD).timestamp()]
        for bid in [*self._previous_bids.get(name, ()), *self._current_bids.get(name, ())]:
            matches = (candidate for candidate in impressions if candidate[1:] == bid[1:] and candidate.at >= bid.at)
            impression = next(matches, None)
            if impression is not None:
                # an impression accounts for one bid, even for a bid older than `IN_FLIGHT_TIME`
                impressions.remove(impression)
            elif (now - IN_FLIGHT_TIME).timestamp() < bid.at <= now.timestamp():
                history = add(history, bid)
        return history

    def _begin_period(self, now: datetime) -> None:
        """Begins a new period, and drops the bids of the period before the last."""
        if self._period_start is None or now - self._period_start >= _PERIOD:
            is_adjacent = self._period_start is not None and now - self._period_start < 2 * _PERIOD
            self._previous_bids = self._current_bids if is_adjacent else {}
            self._current_bids, self._period_start = {}, now
        elif len(self._current_bids) >= _MAX_VIEWERS:
            self._current_bids = {}
