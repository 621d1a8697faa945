"""The channel object (OpenRTB 2.6, section 3.2.24)."""

from bidder.openrtb.base import Object
from bidder.openrtb.types import Lower


class Channel(Object):
    """Channel, section 3.2.24: the channel that carries the content."""

    id: str | None = None
    name: str | None = None
    domain: Lower | None = None
