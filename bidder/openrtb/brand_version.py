"""Brand and version in user agent client hints (OpenRTB 2.6, section 3.2.30)."""

from bidder.openrtb.base import Object
from bidder.openrtb.types import Strings


class BrandVersion(Object):
    """BrandVersion, section 3.2.30. `version` goes from major to minor."""

    brand: str | None = None
    version: Strings = ()
