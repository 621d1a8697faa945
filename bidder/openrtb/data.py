"""The data object: audience data of a provider (OpenRTB 2.6, section 3.2.21)."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.segment import Segment
from bidder.openrtb.types import NullIs, Strings


class Data(Object):
    """Data, section 3.2.21: one provider's data about the user or the content."""

    id: str | None = None
    name: str | None = None
    cids: Strings = ()
    segment: Annotated[tuple[Segment, ...], NullIs(())] = ()
