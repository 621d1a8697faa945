"""Why there were no bids, counted in the process and logged as metrics (CloudWatch embedded metric format)."""

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bidder import log
from bidder.metrics import emf

if TYPE_CHECKING:
    from bidder.openrtb.no_bid_reason import NoBidReason
    from bidder.snapshot.delivery_state import DeliveryState

INTERVAL = timedelta(minutes=1)
MOST_CAMPAIGNS = 100
"""Counts by campaign and reason that are logged one by one, the largest; the rest are logged by reason."""

OTHERS = "(others)"
ALLOWANCE = "allowance"


class NoBidCounts:
    """Counts until a minute is over. What threads that count at the same instant lose, metrics can do without."""

    def __init__(self) -> None:
        self.refused: Counter[tuple[str, str]] = Counter()
        """By campaign id and rule, of the campaigns that a decision looked at; no id where all were refused."""
        self.unanswered: Counter[NoBidReason] = Counter()
        """Requests without a bid."""
        self.delivery: DeliveryState | None = None
        """What the latest decision was made from."""
        self._since: datetime | None = None

    def flush(self, now: datetime) -> None:
        """Logs what was counted and begins anew, once a minute is over; until then it only looks at the clock."""
        if self._since is None:
            self._since = now
        if now - self._since < INTERVAL:
            return
        self._since = now
        refused, self.refused = self.refused, Counter()
        unanswered, self.unanswered = self.unanswered, Counter()
        for reason, count in unanswered.items():
            log.event("no_bids", **emf(now, "NoBids", reason.name.lower(), count))
        others: Counter[str] = Counter()
        for number, ((campaign_id, rule), count) in enumerate(refused.most_common()):
            if number < MOST_CAMPAIGNS:
                log.event("no_bids", **emf(now, "Refusals", rule, count, campaign=campaign_id))
            else:
                others[rule] += count
        for rule, count in others.items():
            log.event("no_bids", **emf(now, "Refusals", rule, count, campaign=OTHERS))
        for held_by, count in self.delivery.withheld_counts().items() if self.delivery else ():
            log.event("no_bids", **emf(now, "Withheld", held_by.name.lower(), count))
