"""A snapshot: an index and the delivery state of that index."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from bidder.snapshot.delivery_state import DeliveryState
from bidder.snapshot.id_lists import IdList
from bidder.snapshot.index import Index


class Snapshot(NamedTuple):
    """The data of every decision. `version` grows with each refresh: see `Manifest`."""

    version: int
    index: Index  # type: ignore[assignment]  # hides a method of tuples
    delivery: DeliveryState
    lists: Mapping[str, IdList] = MappingProxyType({})
    """The id lists that campaigns target, by name."""
    pinned: int | None = None
    """The version whose campaigns an operator has pinned, or None."""
    pinned_since: datetime | None = None
    is_stopped: bool = False
    """Whether an operator has stopped all bidding."""

    @property
    def as_of(self) -> datetime:
        """The time at which the refresh began to read campaigns and spend."""
        return self.delivery.as_of

    def age(self, now: datetime) -> timedelta:
        """The time since `as_of`."""
        return now - self.as_of
