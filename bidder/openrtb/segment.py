"""Audience segments of a data provider (OpenRTB 2.6, section 3.2.22)."""

from bidder.openrtb.base import Object


class Segment(Object):
    """Segment, section 3.2.22: one value of a provider's data."""

    id: str | None = None
    name: str | None = None
    value: str | None = None
