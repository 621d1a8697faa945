"""How many bids were made, counted in the process and told by one event a minute, campaign and deal.

A bid leaves nothing behind that could be counted later, and a call a bid would put the network on its way. So a process
counts, and once a minute is over publishes the counts behind the requests, as notices are. What it bid in its last
minute is lost with it: reports say a little less than there was.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple

from bidder import log
from bidder.auction.offer import Offer
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.renewed import in_background

_MINUTE = 60


class _Of(NamedTuple):
    campaign_id: str
    advertiser: str
    zone: str
    deal_id: str | None


class Bids:
    """Counts bids by the minute. `process` is a name that no other process has: it is part of the counts' ids."""

    def __init__(
        self,
        process: str,
        publish: Callable[[Sequence[Event]], None],
        start: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        self._process = process
        self._publish = publish
        self._start = start
        self._counts: Counter[_Of] = Counter()
        self._minute: int | None = None
        self._unpublished: list[Event] = []
        self._told = 0
        self._lock = Lock()

    def count(self, offers: Iterable[Offer], now: datetime) -> None:
        """Counts the offers of an answer that is about to go out."""
        with self._lock:
            self._close(now)
            for offer in offers:
                campaign = offer.campaign
                its = _Of(campaign.id, campaign.advertiser.domain, campaign.time_zone, offer.price.deal_id)
                self._counts[its] += 1

    def flush(self, now: datetime) -> None:
        """Publishes the counts of the minutes that are over, and returns at once."""
        if self._minute is None and not self._unpublished:
            return
        with self._lock:
            self._close(now)
            events, self._unpublished = self._unpublished, []
        if events:
            self._start(lambda: self._tell(events))

    def _close(self, now: datetime) -> None:
        minute = int(now.timestamp()) // _MINUTE
        if minute == self._minute:
            return
        if self._minute is not None:
            at = datetime.fromtimestamp(self._minute * _MINUTE, UTC)
            self._unpublished += [self._event(its, number, at) for its, number in self._counts.items()]
            self._counts.clear()
        self._minute = minute

    def _event(self, its: _Of, number: int, at: datetime) -> Event:
        self._told += 1
        return Event(
            kind=Kind.BIDS,
            bid_id=f"{self._process}-{self._told}",
            campaign_id=its.campaign_id,
            creative_id="",
            bid_price_micros=0,
            price_micros=0,
            bid_at=at,
            at=at,
            deal_id=its.deal_id,
            advertiser=its.advertiser,
            zone=its.zone,
            count=number,
        )

    def _tell(self, events: list[Event]) -> None:
        try:
            self._publish(events)
        except Exception:  # neither SNS nor the queue aside took them: with the next minute's, under the same ids
            log.error("bids.unpublished", events=len(events))
            with self._lock:
                self._unpublished += events
