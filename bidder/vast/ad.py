"""The content of a VAST ad, before it is XML. Names follow VAST 4.2."""

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

_NO_TRACKING: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class InLine(NamedTuple):
    """InLine, section 3.4: the parts of an InLine ad that a Wrapper does not have.

    `duration` is in seconds. `expires` is the number of seconds for which the document may be cached. `media_files` has
    at least one file, the best first. `ad_serving_id` is unique to this serving of the ad.
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
    """A VAST wrapper, whose ad tag leads to the ad of another ad server."""

    ad_tag: str


class Ad(NamedTuple):
    """Ad, section 3.3: one linear ad, InLine or Wrapper, with its tracking URLs.

    `tracking` maps the event names of section 3.14, such as `start` or `firstQuartile`, to the URLs to call.
    `skip_offset` and `progress_offset` are in seconds; the latter is the offset of the event `progress`.
    """

    id: str
    ad_system: str
    content: InLine | Wrapper
    creative_id: str | None = None
    impressions: tuple[str, ...] = ()
    viewable: tuple[str, ...] = ()
    tracking: Mapping[str, tuple[str, ...]] = _NO_TRACKING
    error: str | None = None
    click_tracking: tuple[str, ...] = ()
    skip_offset: float | None = None
    progress_offset: float | None = None
    pricing: Pricing | None = None
    icon: IconElement | None = None
    verifications: tuple[VerificationElement, ...] = ()
    companions: tuple[CompanionElement, ...] = ()
