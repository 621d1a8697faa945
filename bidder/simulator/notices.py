"""The simulated delivery of notices to the consumers: late, lost or duplicated."""

import heapq
from datetime import UTC, datetime
from itertools import count
from random import Random

from bidder.auction.offer import Offer
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.openrtb.bid_request import BidRequest
from bidder.simulator.happenings import Happenings
from bidder.simulator.market import delays
from bidder.simulator.scenario import Scenario

_WIN_SECONDS = 0.2
"""The median delay of a win notice in seconds: exchanges send win notices when the auction ends."""
_FIRST_QUARTILE_SECONDS = 4
"""The seconds between an impression and its first quartile."""


class NoticeQueue:
    """The queue of notices that have not arrived yet."""

    def __init__(self, scenario: Scenario, happenings: Happenings) -> None:
        self._notices = scenario.notices
        self._market = scenario.market
        self._happenings = happenings
        self._waiting: list[tuple[float, int, Event]] = []
        self._numbers = count()
        self._random = Random(f"{scenario.seed} notices")  # noqa: S311  a repeatable draw, not a secret

    def is_lost(self) -> bool:
        """Whether the notice of the next bid's outcome is lost."""
        return self._random.random() < self._notices.lost

    def tells_price(self) -> bool:
        """Whether the next notice states the least winning price."""
        return self._random.random() < self._market.tells_min_to_win

    def draw_fate(self) -> tuple[bool, bool]:
        """Whether the next win is shown, and whether its first quartile is played."""
        is_shown = self._random.random() < self._market.shown
        return is_shown, self._random.random() < self._market.viewed

    def send_win(self, offer: Offer, request: BidRequest, price_micros: int, at: float) -> None:
        """Sends the win notice of a bid that was made `at`."""
        self._send(Kind.WIN, offer, request, price_micros, at, _WIN_SECONDS)

    def send_impression(
        self, offer: Offer, request: BidRequest, price_micros: int, at: float, *, is_viewed: bool
    ) -> None:
        """Sends the impression of a bid, and the first quartile if it is viewed."""
        median = self._notices.delay_seconds
        for happening in self._happenings.of("notice_delay", at):
            median = happening.seconds
        self._send(Kind.IMPRESSION, offer, request, price_micros, at, median)
        if is_viewed:
            self._send(Kind.FIRST_QUARTILE, offer, request, price_micros, at, median + _FIRST_QUARTILE_SECONDS)

    def due(self, now: float) -> list[Event]:
        """Removes and returns the notices that have arrived by now, in the order of arrival."""
        due: list[Event] = []
        while self._waiting and self._waiting[0][0] <= now:
            due.append(heapq.heappop(self._waiting)[2])
        return due

    def _send(self, kind: Kind, offer: Offer, request: BidRequest, price_micros: int, at: float, median: float) -> None:
        lost = self._notices.lost
        for happening in self._happenings.of("notices_lost", at):
            lost = happening.share
        campaign = offer.campaign
        for delay in delays(median, self._notices.delay_sigma, lost, self._notices.duplicated, self._random):
            event = Event.model_construct(
                kind=kind,
                bid_id=f"{request.id}-{offer.slot.imp.id}-{campaign.id}",
                campaign_id=campaign.id,
                creative_id=offer.fit.creative.id,
                bid_price_micros=offer.price.cpm_micros,
                price_micros=price_micros,
                bid_at=datetime.fromtimestamp(at, UTC),
                at=datetime.fromtimestamp(at + delay, UTC),
                deal_id=offer.price.deal_id,
                advertiser=campaign.advertiser.domain,
                zone=campaign.time_zone,
                user=request.user.id if request.user else None,
                billed_by=Kind.IMPRESSION,
            )
            heapq.heappush(self._waiting, (at + delay, next(self._numbers), event))
