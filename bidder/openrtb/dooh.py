"""The dooh object: inventory on public screens (OpenRTB 2.6, section 3.2.32)."""

from bidder.openrtb.base import Object
from bidder.openrtb.content import Content
from bidder.openrtb.publisher import Publisher
from bidder.openrtb.types import Lower, Strings, Taxonomy


class Dooh(Object):
    """DOOH, section 3.2.32: the public screen (digital out of home) that shows the ad."""

    id: str | None = None
    name: str | None = None
    venuetype: Strings = ()
    venuetypetax: Taxonomy = 1
    publisher: Publisher | None = None
    domain: Lower | None = None
    keywords: str | None = None
    content: Content | None = None
