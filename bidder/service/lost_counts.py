"""Logs the numbers of counts that cannot be published, so that an operator can add them to a report."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bidder import log
from bidder.aws.batches import batches_of
from bidder.delivery.budget_holders import deal_holder
from bidder.events.kinds import Kind

if TYPE_CHECKING:
    from bidder.events.event import Event

NAMES_PER_LINE = 50
"""The most names in a log line. A name takes at most 256 bytes, and ECS splits lines of more than 16 KB."""


def log_lost_counts(events: "Sequence[Event]", reason: str) -> None:
    """Logs the numbers of the events by minute: bids by campaign and deal, and opportunities and bids for pacing."""
    for kind, at, counts in _counts_by_minute(events):
        for batch in batches_of(counts.items(), NAMES_PER_LINE):
            minute = at.isoformat(timespec="minutes")
            log.warning("counts.lost", kind=kind.value, minute=minute, counts=dict(batch), reason=reason)


def _counts_by_minute(events: "Sequence[Event]") -> Iterator[tuple[Kind, datetime, Mapping[str, Any]]]:
    bids: dict[datetime, Counter[str]] = defaultdict(Counter)
    for event in events:
        if event.traffic is None:
            campaign, deal = event.campaign_id, event.deal_id
            bids[event.at][campaign if deal is None else deal_holder(campaign, deal)] += event.count or 0
        else:
            if event.count is not None:
                yield event.kind, event.at, {"requests": event.count}
            yield event.kind, event.at, event.traffic
    for minute, counts in bids.items():
        yield Kind.BIDS, minute, counts
