"""Quantity: billable events of one impression (OpenRTB 2.6, section 3.2.31)."""

from bidder.openrtb.base import Object


class Qty(Object):
    """Qty, section 3.2.31: the number of billable events of one impression, on a public screen for example."""

    multiplier: float | None = None
    sourcetype: int | None = None
    vendor: str | None = None
