"""OpenRTB community extension: DSA transparency, version 2.1."""

from enum import IntEnum

from bidder.openrtb.base import Object


class DsaRequired(IntEnum):
    """The values of `dsarequired`. From REQUIRED on, a bid without the transparency data is refused."""

    NOT_REQUIRED = 0
    SUPPORTED = 1
    REQUIRED = 2
    REQUIRED_OF_PLATFORM = 3


class PublisherRenders(IntEnum):
    """The values of `pubrender`: whether the publisher shows the transparency data itself."""

    NO = 0
    MAY = 1
    WILL = 2


class Dsa(Object):
    """`regs.ext.dsa`: the transparency data that the EU's Digital Services Act requires with the ad.

    `dsarequired`: 0 not required, 1 supported, 2 required, 3 required, the publisher is an online platform.
    `pubrender`: the publisher 0 cannot, 1 may, 2 will show the data. `datatopub`: the bidder 0 must not, 1 may, 2
    should send the data.
    """

    dsarequired: int | None = None
    pubrender: int | None = None
    datatopub: int | None = None

    def is_required(self) -> bool:
        """Whether a bid without the transparency data is refused."""
        return (self.dsarequired or 0) >= DsaRequired.REQUIRED
