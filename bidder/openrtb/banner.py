"""The banner object, used for companion ads (OpenRTB 2.6, section 3.2.6)."""

from bidder.openrtb.base import Object
from bidder.openrtb.types import Ints, Mimes


class Banner(Object):
    """Banner, section 3.2.6, as the companion of a video. `vcm` 1: shown after the video, as an end card."""

    id: str | None = None
    w: int | None = None
    h: int | None = None
    mimes: Mimes = ()
    battr: Ints = ()
    pos: int | None = None
    api: Ints = ()
    vcm: int | None = None
