"""OpenRTB 2.6, section 3.2.25."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.supply_chain_node import SupplyChainNode
from bidder.openrtb.types import Few, NullIs


class SupplyChain(Object):
    """SupplyChain, section 3.2.25. A chain that lacks a required part is kept: judging it is not parsing it."""

    complete: int | None = None
    nodes: Annotated[tuple[SupplyChainNode, ...], Few, NullIs(())] = ()
    ver: str | None = None
