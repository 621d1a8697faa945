"""The recent bids of a process for capped campaigns. Frequency caps count each of them as an impression.

The notice of an impression takes seconds to be counted, and a viewer may send several requests in that time. A bid
counts for `WITHIN`, or until its impression is in the viewer's history. It counts whether or not it wins, and only in
its own process.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bidder.auction.offer import Offer

if TYPE_CHECKING:
    from bidder.delivery.frequency import Exposures, History, Impression

WITHIN = timedelta(seconds=60)
_REMEMBERED = 2 * WITHIN
"""The least time for which a bid is remembered: its impression may be counted while a later bid is in flight."""
_MOST_VIEWERS = 50_000
"""The most users and households that are remembered; past it all are forgotten, so that memory is limited."""

Names = tuple[str | None, str | None]
"""The pseudonyms of the user and the household of a request, None if it names none."""


class BidsInFlight:
    """The bids of the current and of the last period of `_REMEMBERED`, by the name of a user or household."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._latest: dict[str, list[Impression]] = {}
        self._earlier: dict[str, list[Impression]] = {}

    def note(self, offers: Iterable[Offer], names: Callable[[], Names], now: datetime) -> None:
        """Notes the offers of a response. `names` is called if any of their campaigns is capped."""
        capped = [offer for offer in offers if offer.caps]
        if not capped:
            return
        from bidder.delivery.frequency import Impression  # a bid without caps does not wait for the import

        self._forget(now)
        for name in filter(None, names()):
            self._latest.setdefault(name, []).extend(
                Impression(
                    int(now.timestamp()), offer.campaign.id, offer.fit.creative.id, offer.campaign.advertiser.domain
                )
                for offer in capped
            )

    def with_bids_in_flight(self, exposures: "Exposures", names: Names, now: datetime) -> "Exposures":
        """The exposures with the bids in flight. An unknown history stays unknown."""
        if not self._latest and not self._earlier:
            return exposures
        user, household = names
        return exposures._replace(
            user=self._with(exposures.user, user, now), household=self._with(exposures.household, household, now)
        )

    def _with(self, history: "History | None", name: str | None, now: datetime) -> "History | None":
        if history is None or name is None:
            return history
        from bidder.delivery.frequency import add  # as above

        counted = [shown for shown in history.recent if shown.at >= (now - _REMEMBERED).timestamp()]
        for bid in [*self._earlier.get(name, ()), *self._latest.get(name, ())]:
            impression = next((shown for shown in counted if shown[1:] == bid[1:] and shown.at >= bid.at), None)
            if impression is not None:
                counted.remove(impression)  # an impression accounts for one bid, even for a bid older than `WITHIN`
            elif (now - WITHIN).timestamp() < bid.at <= now.timestamp():
                history = add(history, bid)
        return history

    def _forget(self, now: datetime) -> None:
        """Begins a new period, and drops the bids of the period before the last."""
        if self._since is None or now - self._since >= _REMEMBERED:
            is_next = self._since is not None and now - self._since < 2 * _REMEMBERED
            self._earlier = self._latest if is_next else {}
            self._latest, self._since = {}, now
        elif len(self._latest) >= _MOST_VIEWERS:
            self._latest = {}
