"""The private marketplace (`pmp`) of an impression (OpenRTB 2.6, section 3.2.11)."""

from typing import Annotated

from pydantic import Field

from bidder.openrtb.base import Object
from bidder.openrtb.deal import Deal
from bidder.openrtb.types import Flag, NullIs

MAX_DEALS = 500


class Pmp(Object):
    """Pmp, section 3.2.11: a private marketplace. With `private_auction` 1, bids are accepted on the deals only."""

    private_auction: Flag = 0
    deals: Annotated[tuple[Deal, ...], Field(max_length=MAX_DEALS), NullIs(())] = ()
