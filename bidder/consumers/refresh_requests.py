"""The queue of requests for a refresh: one snapshot answers all that were made before it was begun."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bidder import log
from bidder.consumers.refresh import publish_snapshot
from bidder.service.service import Service

CLOCKS_DIFFER = timedelta(seconds=5)
"""By so much the clocks of SQS and Lambda may differ: a snapshot that began no later than this is no answer."""


def refresh(service: Service, records: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Publishes a snapshot, unless the latest one was begun after the last of these SQS records was sent: its version.

    A refresh that takes longer than the pause between two edits leaves requests behind it that it has answered, and the
    one after it answers all of those that came meanwhile.
    """
    asked = last_sent(records)
    current = service.store.current() if asked else None
    begun = current.at if current else None
    # A snapshot of a clock that has jumped ahead says nothing about requests.
    if asked and current and begun and asked + CLOCKS_DIFFER <= begun <= now:
        log.event("refresh.answered", version=current.version)
        return current.version
    return publish_snapshot(service, now)


def last_sent(records: Iterable[Mapping[str, Any]]) -> datetime | None:
    """When SQS took the last of the records; None where one of them does not say."""
    sent = [record.get("attributes", {}).get("SentTimestamp") for record in records]
    if not sent or not all(sent):
        return None
    return datetime.fromtimestamp(max(map(int, sent)) / 1000, UTC)
