"""How requests were answered, and why without a bid: counted in the process, logged as metrics (CloudWatch's EMF)."""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bidder import log
from bidder.metrics import emf
from bidder.openrtb.no_bid_reason import NoBidReason

if TYPE_CHECKING:
    from bidder.snapshot.delivery_state import DeliveryState

INTERVAL = timedelta(minutes=1)
MOST_CAMPAIGNS = 100
"""Counts by campaign and reason that are logged one by one, the largest; the rest are logged by reason."""

OTHERS = "(others)"
ALLOWANCE = "allowance"


class AnswerKind(StrEnum):
    """What a request was answered, as metrics count it."""

    BID = "bid"
    NO_BID = "no_bid"
    FAILED = "failed"
    """No bid for a fault of ours: no keys, no snapshot, an exception."""
    INVALID = "invalid"
    """4xx."""
    BUSY = "busy"
    """503: more requests at once than are decided."""


_SHARES = (AnswerKind.BID, AnswerKind.NO_BID, AnswerKind.FAILED)
"""Logged even where they are 0, since alarms compute with them."""


class NoBidCounts:
    """Counts until a minute is over. What threads that count at the same instant lose, metrics can do without."""

    def __init__(self) -> None:
        self.refused: Counter[tuple[str, str]] = Counter()
        """By campaign id and rule, of the campaigns that a decision looked at; no id where all were refused."""
        self.unanswered: Counter[NoBidReason] = Counter()
        """Requests without a bid."""
        self.answers: Counter[AnswerKind] = Counter()
        self.delivery: DeliveryState | None = None
        """What the latest decision was made from."""
        self._since: datetime | None = None

    def count(self, reason: NoBidReason) -> None:
        """Counts a request without a bid."""
        self.unanswered[reason] += 1
        self.answers[AnswerKind.FAILED if reason is NoBidReason.TECHNICAL_ERROR else AnswerKind.NO_BID] += 1

    def flush(self, now: datetime) -> None:
        """Logs what was counted and begins anew, once a minute is over; until then it only looks at the clock."""
        if self._since is None:
            self._since = now
        if now - self._since < INTERVAL:
            return
        self._since = now
        unanswered, self.unanswered = self.unanswered, Counter()
        answers, self.answers = self.answers, Counter()
        for reason, count in unanswered.items():
            log.event("no_bids", **emf(now, "NoBids", reason.name.lower(), count))
        for kind in AnswerKind:
            if answers[kind] or (kind in _SHARES and answers):
                log.event("answers", **emf(now, "Answers", kind, answers[kind]))
        refused, self.refused = self.refused, Counter()
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
