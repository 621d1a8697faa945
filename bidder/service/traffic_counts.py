"""What pacing needs to know of a process's traffic: opportunities and bids by campaign, told once a minute.

The counts leave the process behind a request, as an event of the kind `traffic`; what a process counted in its last
minute is lost with it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from bidder import log
from bidder.auction.offer import Offer
from bidder.auction.reached import Opportunities, Reached, Taken
from bidder.events.kinds import Kind
from bidder.shared_run import Start, in_background
from bidder.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from bidder.events.event import Event

ACCOUNT = "(account)"
"""The campaign id of an event that tells of many campaigns."""
A_MESSAGE = 2_000
"""Campaigns that one message tells of: 64 bytes each at most, of the 256 KB that SNS takes."""


class TrafficCounts:
    """Counts by the minute. `process` is a name that no other process has."""

    def __init__(
        self, process: str, publish: "Callable[[Sequence[Event]], None]", start: Start = in_background
    ) -> None:
        self._process = process
        self._publish = publish
        self._start = start
        self._opportunities = Opportunities()
        self._bids: dict[str, int] = {}
        self._requests = 0
        self._minute: datetime | None = None
        self._told = 0
        self._lock = Lock()

    def note(self, snapshot: Snapshot, impressions: int, now: datetime) -> list[Reached] | None:
        """A list for the decision on a request of so many impressions to add to; None if enough are noted."""
        if self._minute is None:
            self._minute = now.replace(second=0, microsecond=0)
        self._requests += 1
        return self._opportunities.note(snapshot.index, snapshot.delivery, impressions)

    def count(self, offers: Iterable[Offer]) -> None:
        """Counts the bids of an answer."""
        for offer in offers:
            self._bids[offer.campaign.id] = self._bids.get(offer.campaign.id, 0) + 1

    def flush(self, now: datetime) -> None:
        """Publishes the counts of the minute before, once it is over, and returns at once."""
        minute = self._minute
        if minute is None or now - minute < timedelta(minutes=1):
            return
        with self._lock:
            if self._minute is not minute:
                return
            self._minute = None
            taken, bids, requests = self._opportunities.take(), self._bids, self._requests
            self._bids, self._requests = {}, 0
        self._start(lambda: self._tell(minute, taken, bids, requests))

    def _tell(self, minute: datetime, taken: Taken, bids: Mapping[str, int], requests: int) -> None:
        try:
            self._publish(list(self._events(minute, taken.counts(), bids, requests)))
        except Exception:  # pacing knows a minute's traffic a little less well
            log.error("traffic.unpublished", requests=requests)

    def _events(
        self, minute: datetime, opportunities: Mapping[str, int], bids: Mapping[str, int], requests: int
    ) -> "Iterator[Event]":
        from bidder.events.event import Event  # a cold start has no use for it

        names = iter(sorted({*opportunities, *bids}))
        while True:
            some = list(islice(names, A_MESSAGE))
            self._told += 1
            yield Event(
                kind=Kind.TRAFFIC,
                bid_id=f"{self._process}-t{self._told}",
                campaign_id=ACCOUNT,
                creative_id="",
                bid_price_micros=0,
                price_micros=0,
                bid_at=minute,
                at=minute,
                count=max(1, requests),
                traffic={name: (opportunities.get(name, 0), bids.get(name, 0)) for name in some},
            )
            requests = 0
            if len(some) < A_MESSAGE:
                return
