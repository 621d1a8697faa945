"""A user id of one source (OpenRTB 2.6, section 3.2.28)."""

from bidder.openrtb.base import Object


class Uid(Object):
    """UID, section 3.2.28: one id. `atype` 1 is of a device or browser, 3 of a person."""

    id: str | None = None
    atype: int | None = None
