"""The app object: inventory in an application (OpenRTB 2.6, section 3.2.14)."""

from bidder.openrtb.base import Object
from bidder.openrtb.content import Content
from bidder.openrtb.publisher import Publisher
from bidder.openrtb.types import Categories, Lower, Strings, Taxonomy


class App(Object):
    """App, section 3.2.14: the application that shows the ad. `bundle` is the application's id in the store."""

    id: str | None = None
    name: str | None = None
    bundle: str | None = None
    domain: Lower | None = None
    storeurl: str | None = None
    cattax: Taxonomy = 1
    cat: Categories = ()
    sectioncat: Categories = ()
    pagecat: Categories = ()
    ver: str | None = None
    privacypolicy: int | None = None
    paid: int | None = None
    publisher: Publisher | None = None
    content: Content | None = None
    keywords: str | None = None
    kwarray: Strings = ()
    inventorypartnerdomain: Lower | None = None
