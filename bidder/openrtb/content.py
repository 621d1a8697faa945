"""The content object: the video or audio around the ad (OpenRTB 2.6, section 3.2.16)."""

from typing import Annotated

from bidder.openrtb.base import Object
from bidder.openrtb.channel import Channel
from bidder.openrtb.data import Data
from bidder.openrtb.network import Network
from bidder.openrtb.types import Categories, Few, NullIs, Strings, Taxonomy


class Content(Object):
    """Content, section 3.2.16: the content around the ad. `len` is in seconds."""

    id: str | None = None
    episode: int | None = None
    title: str | None = None
    series: str | None = None
    season: str | None = None
    genre: str | None = None
    gtax: Annotated[int, NullIs(9)] = 9
    genres: Strings = ()
    url: str | None = None
    cattax: Taxonomy = 1
    cat: Categories = ()
    prodq: int | None = None
    context: int | None = None
    contentrating: str | None = None
    userrating: str | None = None
    qagmediarating: int | None = None
    keywords: str | None = None
    kwarray: Strings = ()
    livestream: int | None = None
    len: int | None = None
    language: str | None = None
    langb: str | None = None
    data: Annotated[tuple[Data, ...], Few, NullIs(())] = ()
    network: Network | None = None
    channel: Channel | None = None
