"""The deal object: a private marketplace deal (OpenRTB 2.6, section 3.2.12)."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.dur_floors import DurFloors
from bidder.openrtb.types import Currency, Domains, Few, Flag, Identifier, Identifiers, NullIs


class Deal(Object):
    """Deal, section 3.2.12: the terms of a private marketplace deal.

    `bidfloor` is a CPM in `bidfloorcur`. The default currency is USD; the currency of the impression is not inherited.
    """

    id: Identifier
    bidfloor: float | None = None
    bidfloorcur: Currency = "USD"
    at: int | None = None
    wseat: Identifiers = ()
    wadomain: Domains = ()
    guar: Flag = 0
    mincpmpersec: float | None = None
    durfloors: Annotated[tuple[DurFloors, ...], Few, NullIs(())] = ()
