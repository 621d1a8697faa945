"""The counts of opportunities and bids by campaign that pacing needs, published once a minute.

The process publishes the counts in the background, as events of the kind `traffic`. An environment of Lambda ends
without notice and loses the counts of its last minute. A container drains them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from bidder import log
from bidder.auction.funnel import Funnel
from bidder.auction.match import Slot
from bidder.auction.offer import Offer
from bidder.auction.opportunities import ConsideredTier, Opportunities
from bidder.delivery.budget_holders import obstacle_of_campaign
from bidder.delivery.obstacles import OBSTACLE_OF_RULE
from bidder.events.kinds import Kind
from bidder.normal_forms import identifier
from bidder.shared_run import Start, in_background
from bidder.snapshot.delivery_state import DeliveryState
from bidder.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from bidder.events.event import Event

ACCOUNT = "(account)"
"""The campaign id of an event that holds the counts of many campaigns."""
_MAX_OBSTACLES = 2_000
"""The most numbers of refusals, by campaign and obstacle, of a process and minute."""
NAMES_PER_MESSAGE = 800
"""The most names in one message: a campaign's takes up to 64 bytes, a deal's 192 more, its counts 30, and SNS accepts
256 KB."""


class TrafficCounts:
    """Counts traffic by the minute. `process` is a unique name of the process."""

    def __init__(
        self, process: str, publish: "Callable[[Sequence[Event]], None]", start: Start = in_background
    ) -> None:
        self._process = process
        self._publish = publish
        self._start = start
        self._opportunities = Opportunities()
        self._bids: dict[str, int] = {}
        self._deals: dict[str, int] = {}
        self._obstacles: Counter[str] = Counter()
        self._funnel = Funnel()
        self._requests = 0
        self._minute: datetime | None = None
        self._event_count = 0
        self._unpublished: list[Event] = []
        self._lock = Lock()

    def note(self, snapshot: Snapshot, impressions: int, now: datetime, device: int = 0) -> list[ConsideredTier] | None:
        """Counts a request of `impressions` impressions on a type of device.

        Returns a list to which the decision appends the tiers that it considers, or None if this request is not part of
        the sample.
        """
        if self._minute is None:
            self._minute = now.replace(second=0, microsecond=0)
        self._requests += 1
        return self._opportunities.note(snapshot.index, snapshot.delivery, impressions, device)

    def note_rejections(self, rejections: Mapping[tuple[str, str], int]) -> None:
        """Notes the refusals of a minute by campaign id and rule. The most frequent are published."""
        counts: Counter[str] = Counter()
        for (campaign_id, rule), count in rejections.items():
            if campaign_id and (obstacle := OBSTACLE_OF_RULE.get(rule)):
                counts[obstacle_of_campaign(campaign_id, obstacle)] += count
        self._obstacles.update(dict(counts.most_common(_MAX_OBSTACLES)))

    def note_funnel(
        self, snapshot: Snapshot, slots: Sequence[Slot], considered_tiers: list[ConsideredTier] | None
    ) -> None:
        """Adds a decision to the sample of obstacles: lengths, floors and higher bids."""
        if considered_tiers is not None and len(slots) == 1:
            self._funnel.note(snapshot, slots[0], considered_tiers)

    def note_deals(self, deals: Iterable[tuple[str, str]]) -> None:
        """Counts the opportunities of deals with a budget in one request: the impression and the budget holder."""
        for _, holder in deals:
            self._deals[holder] = self._deals.get(holder, 0) + 1

    def count(self, offers: Iterable[Offer], delivery: DeliveryState) -> None:
        """Counts the bids of one response, by campaign and by deal with a budget."""
        for offer in offers:
            self._bids[offer.campaign.id] = self._bids.get(offer.campaign.id, 0) + 1
            deal = offer.price.deal_id
            if deal is not None and (budget := delivery.deal_budget(offer.campaign.id, identifier(deal))):
                self._bids[budget.holder] = self._bids.get(budget.holder, 0) + 1

    def flush(self, now: datetime) -> None:
        """Starts publishing the counts of a minute that is over, and returns without waiting."""
        minute = self._minute
        if minute is not None and now - minute >= timedelta(minutes=1) and (events := self._take_minute(minute)):
            self._start(lambda: self._publish_events(events(), now))

    def take(self) -> "list[Event]":
        """Takes all unpublished counts, including those of the current minute."""
        minute = self._minute
        events = None if minute is None else self._take_minute(minute)
        with self._lock:
            unpublished, self._unpublished = self._unpublished, []
        return unpublished if events is None else [*unpublished, *events()]

    def _take_minute(self, minute: datetime) -> "Callable[[], list[Event]] | None":
        """Takes the counts of a minute. Returns a function that makes events, or None if another thread took them."""
        with self._lock:
            if self._minute is not minute:
                return None
            self._minute = None
            opportunities, bids, requests = self._opportunities.take(), self._bids, self._requests
            deals, obstacles, funnel = self._deals, self._obstacles, self._funnel.take(opportunities.impressions)
            self._bids, self._deals, self._obstacles, self._requests = {}, {}, Counter(), 0

        def counts() -> dict[str, int]:
            return {**opportunities.counts(), **deals, **(obstacles + funnel.counts())}

        return lambda: list(self._make_events(minute, counts(), bids, requests))

    def _publish_events(self, events: "list[Event]", now: datetime) -> None:
        with self._lock:
            events, self._unpublished = [*self._unpublished, *events], []
        try:
            self._publish(events)
        except Exception:  # tried again with the next minute's counts, while pacing still reads this minute
            log.error("traffic.unpublished", events=len(events))
            self._keep_unpublished(events, now)

    def _keep_unpublished(self, events: "list[Event]", now: datetime) -> None:
        from bidder.delivery.estimates import MINUTE, UNREPORTED  # failures are rare, and a bid needs neither module
        from bidder.service.lost_counts import log_lost_counts

        since = now - timedelta(seconds=MINUTE + UNREPORTED)
        log_lost_counts([event for event in events if event.at <= since], "pacing reads this minute no longer")
        with self._lock:
            self._unpublished += [event for event in events if event.at > since]

    def _make_events(
        self, minute: datetime, opportunities: Mapping[str, int], bids: Mapping[str, int], requests: int
    ) -> "Iterator[Event]":
        from bidder.aws.batches import batches_of  # imported here to keep both out of a cold start
        from bidder.events.event import Event

        batches = list(batches_of(sorted({*opportunities, *bids}), NAMES_PER_MESSAGE)) or [[]]
        for number, names in enumerate(batches):
            self._event_count += 1
            yield Event(
                kind=Kind.TRAFFIC,
                bid_id=f"{self._process}-t{self._event_count}",
                campaign_id=ACCOUNT,
                creative_id="",
                bid_price_micros=0,
                price_micros=0,
                bid_at=minute,
                at=minute,
                count=requests if number == 0 else None,
                traffic={name: (opportunities.get(name, 0), bids.get(name, 0)) for name in names},
            )
