"""Logs the numbers of counts that cannot be published, so that an operator can add them to a report."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from bidder import log
from bidder.delivery.budget_holders import deal_holder

if TYPE_CHECKING:
    from bidder.events.event import Event

NAMES_A_LINE = 50
"""The most names in a log line. A name takes at most 256 bytes, and ECS splits lines of more than 16 KB."""


def log_lost_counts(events: "Sequence[Event]", reason: str) -> None:
    """Logs the numbers of the events by minute: bids by campaign and deal, and opportunities and bids for pacing."""
    for event in events:
        for counts in _parts(event):
            minute = event.at.isoformat(timespec="minutes")
            log.warning("counts.lost", kind=event.kind.value, minute=minute, counts=counts, reason=reason)


def _parts(event: "Event") -> Iterator[Mapping[str, Any]]:
    if event.traffic is None:
        campaign, deal = event.campaign_id, event.deal_id
        yield {campaign if deal is None else deal_holder(campaign, deal): event.count}
        return
    yield {"requests": event.count}
    left = iter(event.traffic.items())
    while part := dict(islice(left, NAMES_A_LINE)):
        yield part
