"""The supply chain (`schain`) (OpenRTB 2.6, section 3.2.25)."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.supply_chain_node import SupplyChainNode
from bidder.openrtb.types import Few, NullIs


class SupplyChain(Object):
    """SupplyChain, section 3.2.25. An incomplete chain is read too.

    The bidder does not check the sellers against ads.txt, app-ads.txt or sellers.json.
    """

    complete: int | None = None
    nodes: Annotated[tuple[SupplyChainNode, ...], Few, NullIs(())] = ()
    ver: str | None = None
