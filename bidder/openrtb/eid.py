"""Extended ids of a user (OpenRTB 2.6, section 3.2.27)."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.types import Few, Lower, NullIs
from bidder.openrtb.uid import Uid


class Eid(Object):
    """EID, section 3.2.27: the ids that one source has for the user."""

    inserter: Lower | None = None
    source: Lower | None = None
    matcher: Lower | None = None
    mm: int | None = None
    uids: Annotated[tuple[Uid, ...], Few, NullIs(())] = ()
