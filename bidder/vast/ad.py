"""What a VAST document says, before it is XML. Names follow VAST 4.2."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from bidder.vast.parts import (
    Category,
    CompanionElement,
    IconElement,
    MediaFile,
    Pricing,
    UniversalAdIdElement,
    VerificationElement,
)

_NOBODY: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class InLine(NamedTuple):
    """InLine, section 3.4: what the ad itself says beyond what a Wrapper says too.

    `duration` is in seconds, `expires` the seconds for which the document may be kept. `media_files` has one at least,
    the best first. `ad_serving_id` is unique to this one serving of the ad.
    """

    ad_serving_id: str
    title: str
    duration: float
    media_files: tuple[MediaFile, ...]
    universal_ad_id: UniversalAdIdElement
    advertiser: str | None = None
    click_through: str | None = None
    categories: tuple[Category, ...] = ()
    expires: int | None = None
    mezzanine: MediaFile | None = None


class Wrapper(NamedTuple):
    """Wrapper: the URL at which another server answers with the ad."""

    ad_tag: str


class Ad(NamedTuple):
    """One linear ad, section 3.3: ours, or another server's that we count, and who hears of it.

    `tracking` maps the names of section 3.14, such as `start` or `firstQuartile`, to the URLs to call. `skip_offset` is
    in seconds, as is `progress_offset`: when `progress` is called.
    """

    id: str
    ad_system: str
    content: InLine | Wrapper
    creative_id: str | None = None
    impressions: tuple[str, ...] = ()
    viewable: tuple[str, ...] = ()
    tracking: Mapping[str, tuple[str, ...]] = _NOBODY
    error: str | None = None
    click_tracking: tuple[str, ...] = ()
    skip_offset: float | None = None
    progress_offset: float | None = None
    pricing: Pricing | None = None
    icon: IconElement | None = None
    verifications: tuple[VerificationElement, ...] = ()
    companions: tuple[CompanionElement, ...] = ()
