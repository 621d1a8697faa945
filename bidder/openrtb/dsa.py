"""OpenRTB community extension: DSA transparency, version 2.1."""

from enum import IntEnum

from bidder.openrtb.base import Object


class DsaRequired(IntEnum):
    """What `dsarequired` asks: a bid without the facts is not taken where they are required."""

    NOT_REQUIRED = 0
    SUPPORTED = 1
    REQUIRED = 2
    REQUIRED_OF_PLATFORM = 3


class PublisherRenders(IntEnum):
    """Whether the publisher shows the facts itself."""

    NO = 0
    MAY = 1
    WILL = 2


class Dsa(Object):
    """`regs.ext.dsa`: what the EU's Digital Services Act wants said with the ad.

    `dsarequired`: 0 nothing, 1 supported, 2 required, 3 required of an online platform. `pubrender`: 0 the publisher
    can't show it, 1 may, 2 will. `datatopub`: 0 don't send it, 1 may, 2 do.
    """

    dsarequired: int | None = None
    pubrender: int | None = None
    datatopub: int | None = None

    def is_required(self) -> bool:
        """Whether a bid without the facts is not taken."""
        return (self.dsarequired or 0) >= DsaRequired.REQUIRED
