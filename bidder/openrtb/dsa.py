"""OpenRTB community extension: DSA transparency, version 2.1."""

from bidder.openrtb.base import Object


class Dsa(Object):
    """`regs.ext.dsa`: what the EU's Digital Services Act wants said with the ad.

    `dsarequired`: 0 nothing, 1 supported, 2 required, 3 required of an online platform. `pubrender`: 0 the publisher
    can't show it, 1 may, 2 will. `datatopub`: 0 don't send it, 1 may, 2 do.
    """

    dsarequired: int | None = None
    pubrender: int | None = None
    datatopub: int | None = None
