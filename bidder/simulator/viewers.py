"""The impressions of viewers in memory, counted as the frequency consumer counts them."""

from collections.abc import Iterable

from bidder.delivery.frequency import Exposures, History, Impression, add
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.openrtb.bid_request import BidRequest


class Viewers:
    """The histories of users. Requests of the simulator have no household."""

    def __init__(self) -> None:
        self._histories: dict[str, History] = {}
        self._counted: set[str] = set()

    def record(self, events: Iterable[Event]) -> None:
        """Counts the impression of each bid once."""
        for event in events:
            if event.kind is Kind.IMPRESSION and event.user and event.bid_id not in self._counted:
                self._counted.add(event.bid_id)
                at = int(event.at.timestamp())
                shown = Impression(at, event.campaign_id, event.creative_id, event.advertiser or "")
                self._histories[event.user] = add(self._histories.get(event.user, History()), shown)

    def exposures(self, request: BidRequest) -> Exposures:
        """The history of the user of a request; unknown without a user id."""
        user = request.user.id if request.user else None
        return Exposures(self._histories.get(user, History()) if user else None, None)
