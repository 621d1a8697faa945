"""The site object: inventory on a web page (OpenRTB 2.6, section 3.2.13)."""

from bidder.openrtb.base import Object
from bidder.openrtb.content import Content
from bidder.openrtb.publisher import Publisher
from bidder.openrtb.types import Categories, Lower, Strings, Taxonomy


class Site(Object):
    """Site, section 3.2.13: the web page that shows the ad."""

    id: str | None = None
    name: str | None = None
    domain: Lower | None = None
    cattax: Taxonomy = 1
    cat: Categories = ()
    sectioncat: Categories = ()
    pagecat: Categories = ()
    page: str | None = None
    ref: str | None = None
    search: str | None = None
    mobile: int | None = None
    privacypolicy: int | None = None
    publisher: Publisher | None = None
    content: Content | None = None
    keywords: str | None = None
    kwarray: Strings = ()
    inventorypartnerdomain: Lower | None = None
