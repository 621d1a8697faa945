"""Renders VAST documents, 2.0 to 4.3, in the element order of each version's XSD, which may differ from its text."""

from collections.abc import Iterable

from bidder.vast.ad import Ad, InLine, Wrapper
from bidder.vast.elements import (
    attributes,
    categories,
    companion,
    mezzanine,
    optional,
    optional_url,
    pricing,
    urls,
    verifications,
)
from bidder.vast.linear import linear
from bidder.vast.version import Version
from bidder.vast.xml import cdata, text

NAMESPACE = "http://www.iab.com/VAST"


def empty(version: Version) -> str:
    """The VAST document without an ad, which answers a player for a no-bid."""
    return f'<VAST version="{version}"{_namespace(version)}/>'


def _namespace(version: Version) -> str:
    return f' xmlns="{NAMESPACE}"' if version >= Version.VAST_4_0 else ""


EMPTY = empty(Version.VAST_4_2)


def render(ad: Ad, version: Version = Version.VAST_4_2) -> str:
    """The VAST document of one ad, without an XML declaration, for `Bid.adm` and for players.

    Parts that the version does not have are left out: in 2.0 the skip offset, icons and pricing. Before 4.1,
    verification scripts are in an extension, where the Open Measurement SDK reads them.
    """
    return document([render_ad(ad, version)], version)


def render_ad(ad: Ad, version: Version, sequence: int | None = None) -> str:
    """The Ad element alone. `sequence` is its position in an ad pod, from 1. VAST 2.0 has no ad pods."""
    write = _version_4 if version >= Version.VAST_4_0 else _version_2_or_3
    kind = type(ad.content).__name__
    position = "" if sequence is None else f' sequence="{sequence}"'
    return f'<Ad id="{text(ad.id)}"{position}><{kind}>{write(ad, ad.content, version)}</{kind}></Ad>'


def document(ads: Iterable[str], version: Version) -> str:
    """The VAST document with these Ad elements."""
    return f'<VAST version="{version}"{_namespace(version)}>{"".join(ads)}</VAST>'


def _version_4(ad: Ad, content: InLine | Wrapper, version: Version) -> str:
    since_4_1 = version >= Version.VAST_4_1
    measured = verifications(ad.verifications) if since_4_1 else ""
    both = (
        f"<AdSystem>{text(ad.ad_system)}</AdSystem>"
        f"{optional_url('Error', ad.error)}"
        f"{'' if since_4_1 else _extensions(ad, version)}"
        f"{_impressions(ad)}"
        f"{pricing(ad.pricing, version)}"
        f"{_viewable(ad)}"
    )
    if isinstance(content, Wrapper):
        return f"{both}{measured}{_creatives(ad, version)}<VASTAdTagURI>{cdata(content.ad_tag)}</VASTAdTagURI>"
    return (
        f"{both}"
        f"{f'<AdServingId>{text(content.ad_serving_id)}</AdServingId>' if since_4_1 else ''}"
        f"<AdTitle>{text(content.title)}</AdTitle>"
        f"{measured}"
        f"{optional('Advertiser', content.advertiser)}"
        f"{categories(content.categories)}"
        f"{_creatives(ad, version, universal_ad_id=_universal_ad_id(content, version))}"
        f"{f'<Expires>{content.expires:d}</Expires>' if since_4_1 and content.expires is not None else ''}"
    )


def _version_2_or_3(ad: Ad, content: InLine | Wrapper, version: Version) -> str:
    rest = f"{optional_url('Error', ad.error)}{_impressions(ad)}{_creatives(ad, version)}{_extensions(ad, version)}"
    if isinstance(content, Wrapper):
        return f"<AdSystem>{text(ad.ad_system)}</AdSystem><VASTAdTagURI>{cdata(content.ad_tag)}</VASTAdTagURI>{rest}"
    advertiser_and_pricing = optional("Advertiser", content.advertiser) + pricing(ad.pricing, version)
    return (
        f"<AdSystem>{text(ad.ad_system)}</AdSystem>"
        f"<AdTitle>{text(content.title)}</AdTitle>"
        f"{advertiser_and_pricing if version >= Version.VAST_3_0 else ''}"
        f"{rest}"
    )


def _impressions(ad: Ad) -> str:
    return urls("Impression", ad.impressions or ("about:blank",))


def _viewable(ad: Ad) -> str:
    called = urls("Viewable", ad.viewable)
    return called and f"<ViewableImpression>{called}</ViewableImpression>"


def _extensions(ad: Ad, version: Version) -> str:
    """The extensions for parts without an element in this version, as in the VAST CTV Addendum 2024."""
    parts = [("AdVerifications", verifications(ad.verifications))]
    if isinstance(ad.content, InLine) and version < Version.VAST_4_0:
        parts.append(("Mezzanine", mezzanine(ad.content.mezzanine, version)))
        # In 3.0 the addendum has it below Creative, where the XSD allows no extension.
        parts.append(("UniversalAdId", _universal_ad_id(ad.content, version)))
    written = "".join(f'<Extension type="{name}">{content}</Extension>' for name, content in parts if content)
    return written and f"<Extensions>{written}</Extensions>"


def _universal_ad_id(content: InLine, version: Version) -> str:
    """The UniversalAdId element. VAST 4.0 requires the value twice."""
    registry, value = text(content.universal_ad_id.registry), text(content.universal_ad_id.value)
    again = f' idValue="{value}"' if version == Version.VAST_4_0 else ""
    return f'<UniversalAdId idRegistry="{registry}"{again}>{value}</UniversalAdId>'


def _creatives(ad: Ad, version: Version, *, universal_ad_id: str = "") -> str:
    """The Creatives element: one Creative for the linear ad, and one for the companions if there are any."""
    names = attributes(id=ad.creative_id, AdID=_ad_id(ad, version))
    creatives = f"<Creative{names}>{linear(ad, version)}{universal_ad_id}</Creative>"
    if ad.companions:
        companions = "".join(companion(element, version) for element in ad.companions)
        creatives += f"<Creative><CompanionAds>{companions}</CompanionAds>{universal_ad_id}</Creative>"
    return f"<Creatives>{creatives}</Creatives>"


def _ad_id(ad: Ad, version: Version) -> str | None:
    """The creative's Ad-ID for versions without a UniversalAdId element; None if it has none."""
    if version >= Version.VAST_4_0 or not isinstance(ad.content, InLine):
        return None
    named = ad.content.universal_ad_id
    return named.value if named.registry == "ad-id.org" else None
