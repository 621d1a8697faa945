"""The consumer of the queue of refresh requests. One snapshot answers every request sent before its refresh began."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bidder import log
from bidder.consumers.refresh import publish_snapshot
from bidder.service.service import Service

CLOCKS_DIFFER = timedelta(seconds=5)
"""The most that the clocks of SQS and Lambda may differ.

A snapshot answers a request only if its refresh began at least this long after the request was sent.
"""


def refresh(service: Service, records: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Publishes a snapshot unless the current one answers all these SQS records. Returns the snapshot's version.

    Requests queue up while a refresh takes longer than the pause between two edits. The next refresh answers all of
    them at once.
    """
    sent = last_sent(records)
    current = service.store.current() if sent else None
    started_at = current.at if current else None
    # A snapshot from the future was made by a wrong clock, so its time says nothing about requests.
    if sent and current and started_at and sent + CLOCKS_DIFFER <= started_at <= now:
        log.event("refresh.answered", version=current.version)
        return current.version
    return publish_snapshot(service, now)


def last_sent(records: Iterable[Mapping[str, Any]]) -> datetime | None:
    """The time at which the last record was sent to SQS, or None if a record has no `SentTimestamp`."""
    sent = [record.get("attributes", {}).get("SentTimestamp") for record in records]
    if not sent or not all(sent):
        return None
    return datetime.fromtimestamp(max(map(int, sent)) / 1000, UTC)
