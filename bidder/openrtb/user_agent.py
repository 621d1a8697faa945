"""User agent client hints (OpenRTB 2.6, section 3.2.29)."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.brand_version import BrandVersion
from bidder.openrtb.types import Few, Flag, NullIs


class UserAgent(Object):
    """UserAgent, section 3.2.29: the browser and platform, from User-Agent Client Hints."""

    browsers: Annotated[tuple[BrandVersion, ...], Few, NullIs(())] = ()
    platform: BrandVersion | None = None
    mobile: int | None = None
    architecture: str | None = None
    bitness: str | None = None
    model: str | None = None
    source: Flag = 0
