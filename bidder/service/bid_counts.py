"""How many bids were made, counted in the process and told by one event a minute, campaign and deal.

A bid leaves nothing behind that could be counted later, and a call a bid would put the network on its way. So a process
counts, and once a minute is over publishes the counts behind the requests, as notices are. What it bid in its last
minute is lost with it: reports say a little less than there was.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from bidder import log
from bidder.auction.offer import Offer
from bidder.events.kinds import Kind
from bidder.shared_run import Start, in_background

if TYPE_CHECKING:
    from bidder.events.event import Event

_MINUTE = timedelta(minutes=1)

_Of = tuple[str, str, str, str | None]
"""Whose bids: campaign id, advertiser's domain, time zone, deal id."""


class BidCounts:
    """Counts bids by the minute. `process` is a name that no other process has: it is part of the counts' ids."""

    def __init__(
        self,
        process: str,
        publish: "Callable[[Sequence[Event]], None]",
        start: Start = in_background,
    ) -> None:
        self._process = process
        self._publish = publish
        self._start = start
        self._counts: dict[_Of, int] = {}
        self._minute: datetime | None = None
        self._until = datetime.max.replace(tzinfo=UTC)
        self._unpublished: list[Event] = []
        self._due = False
        self._told = 0
        self._lock = Lock()

    def count(self, offers: Iterable[Offer], now: datetime) -> None:
        """Counts the offers of an answer that is about to go out."""
        with self._lock:
            if self._minute is None or now >= self._until:
                self._begin(now)
            for offer in offers:
                campaign = offer.campaign
                its = (campaign.id, campaign.advertiser.domain, campaign.time_zone, offer.price.deal_id)
                self._counts[its] = self._counts.get(its, 0) + 1

    def flush(self, now: datetime) -> None:
        """Publishes the counts of the minutes that are over, and returns at once."""
        if not self._due and now < self._until:
            return
        with self._lock:
            if now >= self._until:
                self._begin(now)
            self._due = False
            events, self._unpublished = self._unpublished, []
        if events:
            self._start(lambda: self._tell(events))

    def _begin(self, now: datetime) -> None:
        if self._minute is not None:
            self._unpublished += [self._event(its, number, self._minute) for its, number in self._counts.items()]
            self._counts.clear()
            self._due = bool(self._unpublished)
        self._minute = now.replace(second=0, microsecond=0)
        self._until = self._minute + _MINUTE

    def _event(self, its: _Of, number: int, at: datetime) -> "Event":
        from bidder.events.event import Event  # a cold start has no use for it

        self._told += 1
        campaign_id, advertiser, zone, deal_id = its
        return Event(
            kind=Kind.BIDS,
            bid_id=f"{self._process}-{self._told}",
            campaign_id=campaign_id,
            creative_id="",
            bid_price_micros=0,
            price_micros=0,
            bid_at=at,
            at=at,
            deal_id=deal_id,
            advertiser=advertiser,
            zone=zone,
            count=number,
        )

    def _tell(self, events: "list[Event]") -> None:
        try:
            self._publish(events)
        except Exception:  # neither SNS nor the queue aside took them: with the next minute's, under the same ids
            log.error("bids.unpublished", events=len(events))
            with self._lock:
                self._unpublished += events
