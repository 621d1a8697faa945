"""The banner object, used for companion ads (OpenRTB 2.6, section 3.2.6)."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.types import Few, Ints, Mimes, NullIs


class Format(Object):
    """Format, section 3.2.10: an accepted size, in DIPS. A format of a ratio alone accepts no image of a fixed size."""

    w: int | None = None
    h: int | None = None


class Banner(Object):
    """Banner, section 3.2.6, as the companion of a video. `vcm` 1: shown after the video, as an end card.

    `w` and `h` are the accepted size, `format` further sizes.
    """

    id: str | None = None
    w: int | None = None
    h: int | None = None
    format: Annotated[tuple[Format, ...], Few, NullIs(())] = ()
    mimes: Mimes = ()
    battr: Ints = ()
    pos: int | None = None
    api: Ints = ()
    vcm: int | None = None

    def accepts_size(self, width: int, height: int) -> bool:
        """Whether an image of this size fits: the size of a format, or `w` and `h` as far as they are stated."""
        if any((size.w, size.h) == (width, height) for size in self.format):
            return True
        if self.format and not (self.w and self.h):
            return False
        return (not self.w or self.w == width) and (not self.h or self.h == height)
