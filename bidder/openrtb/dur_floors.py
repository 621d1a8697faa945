"""Floors by ad duration (OpenRTB 2.6, section 3.2.35)."""

from bidder.openrtb.base import Object


class DurFloors(Object):
    """DurFloors, section 3.2.35: the floor, as CPM, for ads of `mindur` to `maxdur` seconds, both included.

    A `maxdur` of 0 is no limit, like an absent one.
    """

    mindur: int | None = None
    maxdur: int | None = None
    bidfloor: float | None = None
