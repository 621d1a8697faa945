"""A snapshot: one index and one delivery state that belong together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bidder.snapshot.delivery_state import DeliveryState
from bidder.snapshot.id_lists import IdList
from bidder.snapshot.index import Index


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What every decision is made from. `version` grows with each refresh: see `Manifest`."""

    version: int
    index: Index
    delivery: DeliveryState
    lists: Mapping[str, IdList] = field(default_factory=dict)
    """The lists of ids that its campaigns name, by their names."""
    pinned: int | None = None
    """The version whose campaigns an operator has pinned; None where they are as they are stored."""
    pinned_since: datetime | None = None
    is_stopped: bool = False
    """Whether an operator has stopped all bidding."""

    @property
    def as_of(self) -> datetime:
        """When reading campaigns and spend began."""
        return self.delivery.as_of

    def age(self, now: datetime) -> timedelta:
        """How long ago that was."""
        return now - self.as_of
