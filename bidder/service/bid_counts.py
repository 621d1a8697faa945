"""The counts of bids in this process, published as one event for each minute, campaign and deal.

No bid is stored, and a network call for each bid would slow the bid down. So the process counts in memory. It
publishes the counts of a minute in the background when the minute is over. An environment of Lambda ends without notice
and loses the counts of its last minute, so reports may show slightly too few bids. A container drains them.
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
MAX_UNPUBLISHED = 20_000
"""The most counts that wait after failed publications, so that an outage of SNS and SQS fills no memory."""

_Key = tuple[str, str, str, str | None]
"""The key of a count: campaign id, advertiser's domain, time zone, deal id."""


class BidCounts:
    """Counts bids by the minute. `process` is a unique name of the process: it is part of the ids of its events."""

    def __init__(
        self,
        process: str,
        publish: "Callable[[Sequence[Event]], None]",
        start: Start = in_background,
    ) -> None:
        self._process = process
        self._publish = publish
        self._start = start
        self._counts: dict[_Key, int] = {}
        self._minute: datetime | None = None
        self._minute_end = datetime.max.replace(tzinfo=UTC)
        self._unpublished: list[Event] = []
        self._is_due = False
        self._event_count = 0
        self._lock = Lock()

    def count(self, offers: Iterable[Offer], now: datetime) -> None:
        """Counts the offers of one response."""
        with self._lock:
            if self._minute is None or now >= self._minute_end:
                self._begin_minute(now)
            for offer in offers:
                campaign = offer.campaign
                key = (campaign.id, campaign.advertiser.domain, campaign.time_zone, offer.price.deal_id)
                self._counts[key] = self._counts.get(key, 0) + 1

    def flush(self, now: datetime) -> None:
        """Starts publishing the counts of the minutes that are over, and returns without waiting."""
        if not self._is_due and now < self._minute_end:
            return
        with self._lock:
            if now >= self._minute_end:
                self._begin_minute(now)
            self._is_due = False
            events, self._unpublished = self._unpublished, []
        if events:
            self._start(lambda: self._publish_events(events))

    def take(self, now: datetime) -> "list[Event]":
        """Takes all unpublished counts, including those of the current minute."""
        with self._lock:
            self._begin_minute(now)
            self._is_due = False
            events, self._unpublished = self._unpublished, []
        return events

    def _begin_minute(self, now: datetime) -> None:
        if self._minute is not None:
            self._unpublished += [self._make_event(key, count, self._minute) for key, count in self._counts.items()]
            self._counts.clear()
            self._is_due = bool(self._unpublished)
        self._minute = now.replace(second=0, microsecond=0)
        self._minute_end = self._minute + _MINUTE

    def _make_event(self, key: _Key, bid_count: int, at: datetime) -> "Event":
        from bidder.events.event import Event  # imported here to keep it out of a cold start

        self._event_count += 1
        campaign_id, advertiser, zone, deal_id = key
        return Event(
            kind=Kind.BIDS,
            bid_id=f"{self._process}-{self._event_count}",
            campaign_id=campaign_id,
            creative_id="",
            bid_price_micros=0,
            price_micros=0,
            bid_at=at,
            at=at,
            deal_id=deal_id,
            advertiser=advertiser,
            zone=zone,
            count=bid_count,
        )

    def _publish_events(self, events: "list[Event]") -> None:
        try:
            self._publish(events)
        except Exception:  # SNS and the fallback queue failed: try again with the next minute's, under the same ids
            log.error("bids.unpublished", events=len(events))
            self._keep_unpublished(events)

    def _keep_unpublished(self, events: "list[Event]") -> None:
        from bidder.service.lost_counts import log_lost_counts  # failures are rare, and a bid does not need the module

        with self._lock:
            unpublished = events + self._unpublished
            self._unpublished = unpublished[-MAX_UNPUBLISHED:]
        log_lost_counts(unpublished[:-MAX_UNPUBLISHED], f"a process keeps {MAX_UNPUBLISHED} unpublished counts")
