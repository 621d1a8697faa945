"""A service with AWS in memory, for tests of endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bidder.events.event import Event
from bidder.events.publisher import Unstored
from bidder.events.token import SigningKeys
from bidder.parameters import DEFAULTS, Parameters, Reading
from bidder.service.service import Service
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
    """A keeper that always holds the same snapshot."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.last_loaded = snapshot

    def begin(self, now: datetime) -> None:
        pass

    def current(self, _now: datetime, _patience: object = None) -> Snapshot | None:
        return self.last_loaded


class Steady:
    """Parameters that never change."""

    def __init__(self, parameters: Parameters) -> None:
        self.last_value = Reading(parameters, {})

    def value(self, _patience: float = 0) -> Reading:
        return self.last_value

    newest = value


class Recorder:
    """A publisher that stores its events in a list, or fails."""

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

    def try_publish_all(self, events: Sequence[Event], _step_seconds: float | None = None) -> list[Unstored]:
        try:
            self.publish_all(events)
        except Exception as failure:
            return [Unstored(events, failure)]
        return []


def service(snapshot: Snapshot | None, **replaced: Any) -> Service:
    """A service with this snapshot. Keyword arguments replace parameters and other parts of the service."""
    result = Service(SETTINGS)
    steering = {name: replaced.pop(name) for name in Parameters.model_fields if name in replaced}
    steady = Steady(DEFAULTS.model_copy(update={"signing_keys": KEYS, **steering}))
    result.current_parameters.readings = replaced.pop("readings", steady)
    result.__dict__.update({"keeper": Holder(snapshot), "publisher": Recorder(), **replaced})
    return result
