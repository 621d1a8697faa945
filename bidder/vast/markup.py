"""VAST 4.2 markup. Elements stand in the order that the XSD wants, which is not always the specification's."""

from collections.abc import Iterable

from bidder.vast.ad import Ad, Category, MediaFile, Pricing
from bidder.vast.xml import cdata, text

NAMESPACE = "http://www.iab.com/VAST"
EMPTY = f'<VAST version="4.2" xmlns="{NAMESPACE}"/>'
"""The document that answers a player when there is no ad: a root element without one."""

_DAY = 24 * 60 * 60


def render(ad: Ad) -> str:
    """The VAST 4.2 document for `ad`, without an XML declaration, as `Bid.adm` and players take it."""
    return (
        f'<VAST version="4.2" xmlns="{NAMESPACE}"><Ad id="{text(ad.id)}"><InLine>'
        f"<AdSystem>{text(ad.ad_system)}</AdSystem>"
        f"{_urls('Error', ad.errors)}"
        f"{_urls('Impression', ad.impressions or ('about:blank',))}"
        f"{_pricing(ad.pricing)}"
        f"<AdServingId>{text(ad.ad_serving_id)}</AdServingId>"
        f"<AdTitle>{text(ad.title)}</AdTitle>"
        f"{_optional('Advertiser', ad.advertiser)}"
        f"{_categories(ad.categories)}"
        f"<Creatives><Creative{_attributes(id=ad.creative_id)}>"
        f"{_linear(ad)}"
        f'<UniversalAdId idRegistry="{text(ad.universal_ad_id.registry)}">'
        f"{text(ad.universal_ad_id.value)}</UniversalAdId>"
        "</Creative></Creatives>"
        f"{'' if ad.expires is None else f'<Expires>{ad.expires:d}</Expires>'}"
        "</InLine></Ad></VAST>"
    )


def clock(seconds: float) -> str:
    """A length of time as VAST writes it, HH:MM:SS or HH:MM:SS.mmm. Raises ValueError below 0 or from 24 hours."""
    milliseconds = round(seconds * 1000)
    if not 0 <= milliseconds < _DAY * 1000:
        msg = f"{seconds} s is no length of time that VAST can write: 0 to 24 hours"
        raise ValueError(msg)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    whole, milliseconds = divmod(milliseconds, 1000)
    fraction = f".{milliseconds:03d}" if milliseconds else ""
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{whole:02d}{fraction}"


def _linear(ad: Ad) -> str:
    skip = "" if ad.skip_offset is None else f' skipoffset="{clock(ad.skip_offset)}"'
    tracking = "".join(
        f'<Tracking event="{text(event)}">{cdata(url)}</Tracking>'
        for event, urls in ad.tracking.items()
        for url in urls
    )
    clicks = _urls("ClickTracking", ad.click_tracking)
    if ad.click_through is not None:
        clicks += f"<ClickThrough>{cdata(ad.click_through)}</ClickThrough>"
    return (
        f"<Linear{skip}>"
        f"{tracking and f'<TrackingEvents>{tracking}</TrackingEvents>'}"
        f"<Duration>{clock(ad.duration)}</Duration>"
        f"<MediaFiles>{''.join(map(_media_file, ad.media_files))}</MediaFiles>"
        f"{clicks and f'<VideoClicks>{clicks}</VideoClicks>'}"
        "</Linear>"
    )


def _media_file(file: MediaFile) -> str:
    bitrate = "" if file.bitrate_kbps is None else f' bitrate="{file.bitrate_kbps:d}"'
    return (
        f'<MediaFile delivery="{text(file.delivery)}" type="{text(file.type)}"'
        f' width="{file.width:d}" height="{file.height:d}"{bitrate}'
        f"{_attributes(id=file.id, codec=file.codec)}>{cdata(file.url)}</MediaFile>"
    )


def _pricing(pricing: Pricing | None) -> str:
    if pricing is None:
        return ""
    whole, micros = divmod(pricing.value_micros, 1_000_000)
    return f'<Pricing model="{text(pricing.model)}" currency="{text(pricing.currency)}">{whole}.{micros:06d}</Pricing>'


def _categories(categories: Iterable[Category]) -> str:
    return "".join(
        f'<Category authority="{text(category.authority)}">{text(category.code)}</Category>' for category in categories
    )


def _urls(name: str, urls: Iterable[str]) -> str:
    return "".join(f"<{name}>{cdata(url)}</{name}>" for url in urls)


def _optional(name: str, value: str | None) -> str:
    return "" if value is None else f"<{name}>{text(value)}</{name}>"


def _attributes(**values: str | None) -> str:
    return "".join(f' {name}="{text(value)}"' for name, value in values.items() if value is not None)
