"""The network object (OpenRTB 2.6, section 3.2.23)."""

from bidder.openrtb.base import Object
from bidder.openrtb.types import Lower


class Network(Object):
    """Network, section 3.2.23: the network of channels that carries the content."""

    id: str | None = None
    name: str | None = None
    domain: Lower | None = None
