"""A node of the supply chain: one seller (OpenRTB 2.6, section 3.2.26)."""

from bidder.openrtb.base import Object
from bidder.openrtb.types import Lower


class SupplyChainNode(Object):
    """SupplyChainNode, section 3.2.26: one seller, by advertising system (`asi`) and account there (`sid`)."""

    asi: Lower | None = None
    sid: str | None = None
    rid: str | None = None
    name: str | None = None
    domain: Lower | None = None
    hp: int | None = None
