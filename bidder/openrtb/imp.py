"""OpenRTB 2.6, section 3.2.4."""

from bidder.openrtb.base import Object
from bidder.openrtb.pmp import Pmp
from bidder.openrtb.qty import Qty
from bidder.openrtb.types import Currency, Flag, Identifier
from bidder.openrtb.video import Video


class Imp(Object):
    """Imp, section 3.2.4: one impression on offer.

    `bidfloor` is CPM in `bidfloorcur`; `exp` is in seconds. Of `banner`, `audio` and `native` only the presence
    is of interest, so anything is taken there.
    """

    id: Identifier
    banner: object = None
    video: Video | None = None
    audio: object = None
    native: object = None
    pmp: Pmp | None = None
    displaymanager: str | None = None
    displaymanagerver: str | None = None
    instl: Flag = 0
    tagid: str | None = None
    bidfloor: float | None = None
    bidfloorcur: Currency = "USD"
    secure: int | None = None
    rwdd: Flag = 0
    ssai: Flag = 0
    exp: int | None = None
    qty: Qty | None = None
    dt: float | None = None
