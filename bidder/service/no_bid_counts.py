"""The counts of answers and no-bid reasons in this process, logged as metrics (CloudWatch embedded metric format)."""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bidder import log
from bidder.log import emf
from bidder.openrtb.no_bid_reason import NoBidReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bidder.delivery.budget import Withheld

INTERVAL = timedelta(minutes=1)
MAX_CAMPAIGNS = 100
"""The largest counts by campaign and rule are logged one by one, up to this number; the rest are summed by rule."""

MAX_REPAIRS = 50
"""The repaired fields that a minute's log line has, the most frequent first."""

OTHER_CAMPAIGNS = "(others)"


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


class NoBidCounts:
    """Counts until a minute is over. Threads take no lock: a rare lost count does not matter to a metric."""

    def __init__(self) -> None:
        self.rejections: Counter[tuple[str, str]] = Counter()
        """Refusals by campaign id and rule. The id is empty if a rule refused all campaigns at once."""
        self.no_bid_reasons: Counter[NoBidReason] = Counter()
        """Requests without a bid, by no-bid reason (OpenRTB 2.6, List: No-Bid Reason Codes)."""
        self.answers: Counter[AnswerKind] = Counter()
        self.repairs: Counter[str] = Counter()
        """Repairs of fields of requests, by the field's path without indices (`bidder.openrtb.mend`)."""
        self.note_rejections: Callable[[Counter[tuple[str, str]]], None] = lambda _: None
        """Called with the refusals of each minute."""
        self.count_withheld: Callable[[], Mapping[Withheld, int]] = dict
        """Returns the number of campaigns that may not bid at the end of a minute, by reason."""
        self._counted_since: datetime | None = None

    def count(self, reason: NoBidReason) -> None:
        """Counts a request without a bid, by its no-bid reason."""
        self.no_bid_reasons[reason] += 1
        self.answers[AnswerKind.FAILED if reason is NoBidReason.TECHNICAL_ERROR else AnswerKind.NO_BID] += 1

    def count_repair(self, path: str) -> None:
        """Counts a repaired field of a request."""
        self.repairs[path] += 1

    def flush(self, now: datetime) -> None:
        """Logs the counts and resets them if a minute has passed since the last flush, or since the first one."""
        self._counted_since = self._counted_since or now
        if now - self._counted_since < INTERVAL:
            return
        self._counted_since = now
        self.drain(now)
        for reason, count in self.count_withheld().items():
            log.event("no_bids", **emf(now, "Withheld", reason.name.lower(), count))

    def drain(self, now: datetime) -> None:
        """Logs the counts and resets them, even during a minute."""
        no_bid_reasons, self.no_bid_reasons = self.no_bid_reasons, Counter()
        answers, self.answers = self.answers, Counter()
        for reason, count in no_bid_reasons.items():
            log.event("no_bids", **emf(now, "NoBids", reason.name.lower(), count))
        for kind in AnswerKind:
            if answers[kind] or (kind in _SHARES and answers):
                log.event("answers", **emf(now, "Answers", kind, answers[kind]))
        repairs, self.repairs = self.repairs, Counter()
        if repairs:
            log.event("requests.mended", fields=dict(repairs.most_common(MAX_REPAIRS)))
        rejections, self.rejections = self.rejections, Counter()
        self.note_rejections(rejections)
        other_counts: Counter[str] = Counter()
        for number, ((campaign_id, rule), count) in enumerate(rejections.most_common()):
            if number < MAX_CAMPAIGNS:
                log.event("no_bids", **emf(now, "Refusals", rule, count, campaign=campaign_id))
            else:
                other_counts[rule] += count
        for rule, count in other_counts.items():
            log.event("no_bids", **emf(now, "Refusals", rule, count, campaign=OTHER_CAMPAIGNS))
