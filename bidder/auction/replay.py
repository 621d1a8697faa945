"""Replays recorded requests on a snapshot: counts the bids by campaign, and publishes and spends nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import Rejections, decide
from bidder.auction.match import match
from bidder.auction.shading import shade_offers
from bidder.money import impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot


@dataclass(slots=True)
class ReplayTally:
    """The bids of a campaign, the sum of their CPMs in micros, and the cost in micros if all are shown."""

    bids: int = 0
    cpm_micros: int = 0
    spend_micros: int = 0

    @property
    def average_cpm_micros(self) -> int | None:
        """The mean CPM, rounded to a micro; None without bids."""
        return (self.cpm_micros + self.bids // 2) // self.bids if self.bids else None


class Replay:
    """The tallies of a snapshot by campaign id. The delivery state does not change, so no budget runs out."""

    def __init__(self, snapshot: Snapshot, seat: str) -> None:
        self.snapshot = snapshot
        self._seat = seat
        self.tallies: dict[str, ReplayTally] = defaultdict(ReplayTally)
        self.rejections: Rejections = Counter()
        """The rejections that decisions met, by campaign id and rule of the table, as metrics count them."""

    def add(self, request: BidRequest, now: datetime, exchange: str | None = None) -> None:
        """Decides a request as of `now`. Test requests count too."""
        slots = match(request, self.snapshot, now, exchange)
        context = AuctionContext(request, self._seat, self.snapshot.delivery, now)
        for offer in shade_offers(context, decide(context, slots, self.snapshot, self.rejections), exchange):
            tally = self.tallies[offer.campaign.id]
            tally.bids += 1
            tally.cpm_micros += offer.price.cpm_micros
            tally.spend_micros += impression_cost(offer.price.cpm_micros)


def total(tallies: Iterable[ReplayTally]) -> ReplayTally:
    """The sum of the tallies."""
    tally_list = list(tallies)
    return ReplayTally(
        sum(tally.bids for tally in tally_list),
        sum(tally.cpm_micros for tally in tally_list),
        sum(tally.spend_micros for tally in tally_list),
    )
