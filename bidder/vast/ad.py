"""What a VAST document says, before it is XML. Names follow VAST 4.2."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """MediaFile, section 3.9.1: one rendition of the video. `type` is its MIME type, sizes are pixels."""

    url: str
    type: str
    width: int
    height: int
    bitrate_kbps: int | None = None
    codec: str | None = None
    delivery: str = "progressive"
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UniversalAdId:
    """UniversalAdId, section 3.7.1: the creative's id in a registry such as `ad-id.org`, else `unknown`."""

    registry: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """Pricing, section 3.4.8: what the ad costs, in millionths of `currency` (ISO-4217).

    `model` is CPM, CPC, CPE or CPV.
    """

    value_micros: int
    currency: str
    model: str = "CPM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """Category, section 3.4.5: a code of the ad's content, and the URL of the authority that lists the codes."""

    authority: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ad:
    """One linear InLine ad, section 3.4.

    `duration` and `skip_offset` are seconds, `expires` the seconds for which the document may be kept.
    `media_files` has one at least, the best first. `tracking` maps the names of section 3.14, such as `start` or
    `firstQuartile`, to the URLs to call. `ad_serving_id` is unique to this one serving of the ad.
    """

    id: str
    ad_serving_id: str
    ad_system: str
    title: str
    duration: float
    media_files: tuple[MediaFile, ...]
    universal_ad_id: UniversalAdId
    creative_id: str | None = None
    advertiser: str | None = None
    impressions: tuple[str, ...] = ()
    tracking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    click_through: str | None = None
    click_tracking: tuple[str, ...] = ()
    skip_offset: float | None = None
    pricing: Pricing | None = None
    categories: tuple[Category, ...] = ()
    expires: int | None = None
