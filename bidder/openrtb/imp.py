"""The impression object (OpenRTB 2.6, section 3.2.4)."""

from typing import Self

from pydantic import model_validator

from bidder.openrtb.base import Object
from bidder.openrtb.pmp import Pmp
from bidder.openrtb.qty import Qty
from bidder.openrtb.types import Currency, Flag, Identifier, Present
from bidder.openrtb.video import Video


class ImpPrebid(Object):
    """Prebid's fields of an impression, `imp.ext.prebid`."""

    is_rewarded_inventory: Flag = 0


class ImpExt(Object):
    """Fields of `imp.ext`. `gpid` is the publisher's name of the placement, equal in all exchanges.

    `rewarded` and `is_rewarded_inventory` are rewarded impressions before OpenRTB 2.6.
    """

    gpid: str | None = None
    prebid: ImpPrebid | None = None
    rewarded: Flag = 0
    is_rewarded_inventory: Flag = 0

    def is_rewarded(self) -> bool:
        """Whether one of the fields before OpenRTB 2.6 states a rewarded impression."""
        in_prebid = self.prebid is not None and self.prebid.is_rewarded_inventory
        return bool(self.rewarded or self.is_rewarded_inventory or in_prebid)


class Imp(Object):
    """Imp, section 3.2.4: one offered impression. `rwdd` is read from the fields before 2.6 too.

    `bidfloor` is a CPM in `bidfloorcur`; `exp` is in seconds. `banner`, `audio` and `native` become booleans: whether
    the object is present.
    """

    id: Identifier
    banner: Present = False
    video: Video | None = None
    audio: Present = False
    native: Present = False
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
    ext: ImpExt | None = None

    @model_validator(mode="after")
    def _fold_ext(self) -> Self:
        if not self.rwdd and (
            (self.ext and self.ext.is_rewarded()) or (self.video and self.video.ext and self.video.ext.rewarded)
        ):
            self.rwdd = 1
        return self

    def is_one_event(self) -> bool:
        """Whether a win is billed once: `qty` is absent, or its multiplier is 1 (OpenRTB 2.6, section 3.2.31)."""
        return self.qty is None or self.qty.multiplier in {None, 1}
