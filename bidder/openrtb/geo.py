"""The geo object: a location (OpenRTB 2.6, section 3.2.19)."""

from bidder.openrtb.base import Object
from bidder.openrtb.types import Country


class Geo(Object):
    """Geo, section 3.2.19. `country` is ISO-3166-1 alpha-3.

    `accuracy` is in metres, `lastfix` in seconds, `utcoffset` in minutes.
    """

    lat: float | None = None
    lon: float | None = None
    type: int | None = None
    accuracy: int | None = None
    lastfix: int | None = None
    ipservice: int | None = None
    country: Country | None = None
    region: str | None = None
    metro: str | None = None
    city: str | None = None
    zip: str | None = None
    utcoffset: int | None = None
