"""The counts of answers and no-bid reasons in this process, logged as metrics (CloudWatch embedded metric format)."""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bidder import log
from bidder.metrics import emf
from bidder.openrtb.no_bid_reason import NoBidReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from bidder.snapshot.delivery_state import DeliveryState

INTERVAL = timedelta(minutes=1)
MOST_CAMPAIGNS = 100
"""The largest counts by campaign and rule are logged one by one, up to this number; the rest are summed by rule."""

MOST_MENDED = 50
"""The repaired fields that a minute's log line has, the most frequent first."""

OTHERS = "(others)"


class AnswerKind(StrEnum):
    """The kind of an answer to a request, as metrics count it."""

    BID = "bid"
    NO_BID = "no_bid"
    FAILED = "failed"
    """A no-bid for a fault of the bidder: no keys, no snapshot, or an exception."""
    INVALID = "invalid"
    """A 4xx status: the request is invalid."""
    BUSY = "busy"
    """Status 503: the concurrency limit is reached."""


_SHARES = (AnswerKind.BID, AnswerKind.NO_BID, AnswerKind.FAILED)
"""The kinds that are logged even if their count is 0, since alarms compute shares of them."""


class _EveryMinute:
    """A timer of one minute. The first minute begins with the first call."""

    def __init__(self) -> None:
        self._since: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether a minute has passed. If so, the next minute begins."""
        if self._since is None:
            self._since = now
        if now - self._since < INTERVAL:
            return False
        self._since = now
        return True


class NoBidCounts:
    """Counts until a minute is over. Threads take no lock: a rare lost count does not matter to a metric."""

    def __init__(self) -> None:
        self.refused: Counter[tuple[str, str]] = Counter()
        """Refusals by campaign id and rule. The id is empty if a rule refused all campaigns at once."""
        self.unanswered: Counter[NoBidReason] = Counter()
        """Requests without a bid, by no-bid reason (OpenRTB 2.6, List: No-Bid Reason Codes)."""
        self.answers: Counter[AnswerKind] = Counter()
        self.mended: Counter[str] = Counter()
        """Repairs of fields of requests, by the field's path without indices (`bidder.openrtb.mend`)."""
        self.tell_refused: Callable[[Counter[tuple[str, str]]], None] = lambda _: None
        """Called with the refusals of each minute."""
        self._flushed = _EveryMinute()
        self._withheld_logged = _EveryMinute()

    def count(self, reason: NoBidReason) -> None:
        """Counts a request without a bid, by its no-bid reason."""
        self.unanswered[reason] += 1
        self.answers[AnswerKind.FAILED if reason is NoBidReason.TECHNICAL_ERROR else AnswerKind.NO_BID] += 1

    def note_mended(self, path: str) -> None:
        """Counts a repaired field of a request."""
        self.mended[path] += 1

    def flush(self, now: datetime) -> None:
        """Logs the counts and resets them if a minute has passed since the last flush."""
        if self._flushed.is_due(now):
            self.drain(now)

    def drain(self, now: datetime) -> None:
        """Logs the counts and resets them, even during a minute."""
        unanswered, self.unanswered = self.unanswered, Counter()
        answers, self.answers = self.answers, Counter()
        for reason, count in unanswered.items():
            log.event("no_bids", **emf(now, "NoBids", reason.name.lower(), count))
        for kind in AnswerKind:
            if answers[kind] or (kind in _SHARES and answers):
                log.event("answers", **emf(now, "Answers", kind, answers[kind]))
        mended, self.mended = self.mended, Counter()
        if mended:
            log.event("requests.mended", fields=dict(mended.most_common(MOST_MENDED)))
        refused, self.refused = self.refused, Counter()
        self.tell_refused(refused)
        others: Counter[str] = Counter()
        for number, ((campaign_id, rule), count) in enumerate(refused.most_common()):
            if number < MOST_CAMPAIGNS:
                log.event("no_bids", **emf(now, "Refusals", rule, count, campaign=campaign_id))
            else:
                others[rule] += count
        for rule, count in others.items():
            log.event("no_bids", **emf(now, "Refusals", rule, count, campaign=OTHERS))

    def log_withheld(self, delivery: "DeliveryState", now: datetime) -> None:
        """Logs how many campaigns the delivery state withholds, by reason, once a minute."""
        if self._withheld_logged.is_due(now):
            for held_by, count in delivery.withheld_counts().items():
                log.event("no_bids", **emf(now, "Withheld", held_by.name.lower(), count))
