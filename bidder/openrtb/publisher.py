"""The publisher object (OpenRTB 2.6, section 3.2.15)."""

from bidder.openrtb.base import Object
from bidder.openrtb.types import Categories, Lower, Taxonomy


class Publisher(Object):
    """Publisher, section 3.2.15: the owner of the site, app or screen."""

    id: str | None = None
    name: str | None = None
    cattax: Taxonomy = 1
    cat: Categories = ()
    domain: Lower | None = None
