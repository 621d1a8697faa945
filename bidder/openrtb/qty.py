"""OpenRTB 2.6, section 3.2.31."""

from bidder.openrtb.base import Object


class Qty(Object):
    """Qty, section 3.2.31: how many billable events one impression stands for, as on a public screen."""

    multiplier: float | None = None
    sourcetype: int | None = None
    vendor: str | None = None
