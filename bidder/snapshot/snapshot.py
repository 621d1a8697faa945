"""A snapshot: one index and one delivery state that belong together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bidder.snapshot.delivery import Delivery
from bidder.snapshot.index import Index


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What every decision is made from. `version` grows with each refresh: see `Manifest`."""

    version: int
    index: Index
    delivery: Delivery

    @property
    def as_of(self) -> datetime:
        """When reading campaigns and spend began."""
        return self.delivery.as_of

    def age(self, now: datetime) -> timedelta:
        """How long ago that was."""
        return now - self.as_of
