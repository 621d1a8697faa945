"""A service whose AWS is in memory, for tests of the endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bidder.endpoints.service import Service
from bidder.events.event import Event
from bidder.events.token import SigningKeys
from bidder.settings import Settings
from bidder.snapshot.snapshot import Snapshot

KEYS = SigningKeys(current="k1", keys={"k1": "A" * 43})
SETTINGS = Settings(
    campaigns_table="campaigns",
    history_table="history",
    ledger_table="ledger",
    learning_table="learning",
    frequency_table="frequency",
    snapshot_bucket="snapshots",
    creative_bucket="creatives",
    archive_bucket="archive",
    events_topic="arn:aws:sns:us-east-1:000000000000:bid-events",
    notices_queue="http://127.0.0.1:4566/000000000000/bid-events-notices",
    refresh_topic="arn:aws:sns:us-east-1:000000000000:campaign-refresh",
)


class Holder:
    """A keeper that holds one snapshot for ever."""

    def __init__(self, held: Snapshot | None) -> None:
        self.held = held

    def current(self, _now: datetime) -> Snapshot | None:
        return self.held


class Recorder:
    """A publisher that keeps what it is given, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.published: list[Event] = []
        self.failure = failure

    def publish(self, event: Event) -> None:
        if self.failure:
            raise self.failure
        self.published.append(event)

    def publish_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self.publish(event)


def service(held: Snapshot | None, **replaced: Any) -> Service:
    """A service with this snapshot; keyword arguments replace its other parts."""
    made = Service(SETTINGS)
    parts = {"keeper": Holder(held), "signing_keys": KEYS, "publisher": Recorder(), **replaced}
    made.__dict__.update(parts)
    return made
