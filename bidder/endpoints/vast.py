"""Builds the VAST document of an offer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from bidder.auction.offer import Offer
from bidder.campaigns.creative import Creative, Media
from bidder.endpoints.companions import companions, match_companions
from bidder.events.kinds import TRACKED_LINEAR, Kind
from bidder.events.markup_form import MarkupForm
from bidder.events.urls import ERROR_CODE, PRICE, EventUrls
from bidder.money import ACCOUNT_CURRENCY
from bidder.openrtb import macros
from bidder.openrtb.api_framework import ApiFramework
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.creative_attribute import CreativeAttribute
from bidder.openrtb.video import Video
from bidder.vast import (
    Ad,
    CompanionElement,
    IconElement,
    InLine,
    MediaFile,
    Pricing,
    UniversalAdIdElement,
    VerificationElement,
    Version,
    Wrapper,
    document,
    render_ad,
)
from bidder.vast.template import Template, mark
from bidder.vast.xml import in_cdata, text

if TYPE_CHECKING:
    from bidder.endpoints.third_party_macros import Macro

AD_SYSTEM = "bidder"
ERROR_MACRO = "[ERRORCODE]"
PROGRESS_SECONDS = 2
"""Seconds of playback at which the player calls `progress`.

A video is viewable after two seconds in view (MRC Viewable Ad Impression Guidelines, 2014).
"""

BID, _PAGE = "bid", "page"
"""The marks of the bid id and, numbered, of the landing pages of companions. Event URLs have marks by their kind."""
_PRICE_QUERY = f"?{PRICE}={macros.AUCTION_PRICE}"
_CLICK_TRACKING = (mark(Kind.CLICK),)


def vast(offer: Offer, urls: EventUrls, request: BidRequest | None = None) -> str:
    """The VAST document of a bid: an InLine ad, or a Wrapper around a third-party tag.

    The impression URL has the price macro, which the exchange fills in. The macros of third-party URLs are filled in
    from the request.
    """
    return document([_ad(offer, urls, _PRICE_QUERY, None, request)], offer.fit.version)


def marked_vast(offer: Offer, seconds: int) -> str | None:
    """The VAST document of a bid with marks in place of the bid id and of the event URLs.

    `seconds` is the time in which the markup may be shown. None if the document has other values of the request: for
    the macros of third parties, or signed links of companions.
    """
    markup = _markup(offer, seconds, _PRICE_QUERY)
    return None if markup.macros or markup.pages else document([markup.template.markup_with_marks()], offer.fit.version)


def vast_for_player(
    offers: Sequence[Offer], urls: Sequence[EventUrls], price_query: str = "", request: BidRequest | None = None
) -> str:
    """The VAST document for a player that calls the bidder itself. It has no macro that only an exchange fills in.

    Several offers are an ad pod; `for_one_document` selects them. `price_query` is the query of the impression URL.
    """
    sequences = range(1, len(offers) + 1) if len(offers) > 1 else [None]
    ads = [
        _ad(offer, urls_of_ad, price_query, sequence, request)
        for offer, urls_of_ad, sequence in zip(offers, urls, sequences, strict=True)
    ]
    return document(ads, offers[0].fit.version)


class _Markup(NamedTuple):
    """An Ad element as a template, its third-party macros, and the landing pages that its links lead to, by mark."""

    template: Template
    macros: Sequence["Macro"]
    pages: Mapping[str, str]


def _markup(offer: Offer, seconds: int, price_query: str, sequence: int | None = None) -> _Markup:
    creative = offer.fit.creative
    pages: dict[str, str] = {}
    if offer.fit.version >= Version.VAST_4_0:
        companion_elements = companions(creative, offer.slot.video, _CLICK_TRACKING)
    else:

        def mark_click_url(landing_page: str) -> str:
            """The mark of a URL that counts the click and redirects to the landing page."""
            name = f"{_PAGE}{len(pages)}"
            pages[name] = landing_page
            return mark(name)

        companion_elements = companions(creative, offer.slot.video, (), mark_click_url)
    template, third_party_macros = _template(
        _CreativeKey(creative),
        offer.campaign.advertiser.name,
        offer.fit.version,
        tuple(map(id, offer.fit.media)),
        skip_offset(offer),
        pricing(offer),
        companion_elements,
        price_query,
        sequence,
        offer.fit.version < Version.VAST_4_0 or has_omid(offer.slot.video),
        seconds,
    )
    return _Markup(template, third_party_macros, pages)


def _ad(
    offer: Offer, urls: EventUrls, price_query: str, sequence: int | None = None, request: BidRequest | None = None
) -> str:
    template, third_party_macros, pages = _markup(offer, urls.seconds, price_query, sequence)
    base = in_cdata(urls.base)
    values: dict[str, str] = {BID: text(urls.bid_id)}
    values.update(urls.by_kind)
    if base != urls.base:
        values.update((kind, in_cdata(url)) for kind, url in urls.by_kind.items())
    if third_party_macros or any(map(_may_have_macros, pages.values())):
        from bidder.endpoints.third_party_macros import MacroFacts, fill_macros

        facts = MacroFacts(urls.bid_id, urls.issued_at, offer.slot, request)
        values.update((macro.mark, macro.value(facts)) for macro in third_party_macros)
        pages = {name: fill_macros(page, facts) for name, page in pages.items()}
    values.update((name, in_cdata(urls.click_through(page))) for name, page in pages.items())
    return template.fill(values)


def markup_form(offer: Offer) -> MarkupForm:
    """The form of the offer's markup, from which the markup can be made again."""
    creative, pairs = offer.fit.creative, match_companions(offer.fit.creative, offer.slot.video)
    return MarkupForm(
        offer.fit.protocol,
        skip_offset(offer),
        tuple(_index(file, creative.media) for file in offer.fit.media),
        tuple((_index(companion, creative.companions), slot.vcm) for companion, slot in pairs),
        has_omid(offer.slot.video),
    )


def _index(part: object, parts: Sequence[object]) -> int:
    return next(index for index, candidate in enumerate(parts) if candidate is part)


class _CreativeKey:
    """A creative as a cache key, compared by identity: comparing its fields takes longer than rendering its markup."""

    __slots__ = ("creative",)

    def __init__(self, creative: Creative) -> None:
        self.creative = creative

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CreativeKey) and self.creative is other.creative

    def __hash__(self) -> int:
        return id(self.creative)


@lru_cache(maxsize=1024)  # measured: rendering takes 45 us, and filling in a template a quarter of that
def _template(
    creative_key: _CreativeKey,
    advertiser: str,
    version: Version,
    media_ids: tuple[int, ...],
    skip_seconds: float | None,
    price: Pricing | None,
    companion_elements: tuple[CompanionElement, ...],
    price_query: str,
    sequence: int | None,
    reports_not_executed: bool,
    seconds: int,
) -> tuple[Template, Sequence["Macro"]]:
    """The Ad element as a template with marks for the bid id and for the event URLs, and its third-party macros."""
    creative = creative_key.creative
    media = [file for media_id in media_ids for file in creative.media if id(file) == media_id]
    omitted_kinds = {
        *((Kind.SKIP,) if skip_seconds is None else ()),
        *((Kind.PROGRESS,) if creative.duration <= PROGRESS_SECONDS else ()),
    }
    third_party_macros: list[Macro] = []
    mark_text = partial(_mark_macros, third_party_macros)
    tag = creative.tag
    ad = Ad(
        id=mark(BID),
        ad_system=AD_SYSTEM,
        content=Wrapper(mark_text(tag.url)) if tag else _inline(creative, advertiser, media, seconds, mark_text),
        creative_id=creative.id,
        impressions=(mark(Kind.IMPRESSION) + price_query,),
        viewable=(mark(Kind.VIEWABLE),),
        tracking={kind: (mark(kind),) for kind in TRACKED_LINEAR if kind not in omitted_kinds},
        error=f"{mark(Kind.ERROR)}?{ERROR_CODE}={ERROR_MACRO}",
        click_tracking=_CLICK_TRACKING,
        skip_offset=skip_seconds,
        progress_offset=PROGRESS_SECONDS,
        pricing=price,
        icon=_icon(creative, mark_text),
        verifications=_verifications(creative, mark_text, reports_not_executed=reports_not_executed),
        companions=tuple(
            element._replace(
                url=mark_text(element.url), click_through=element.click_through and mark_text(element.click_through)
            )
            for element in companion_elements
        ),
    )
    return Template(render_ad(ad, version, sequence)), third_party_macros


def _mark_macros(third_party_macros: "list[Macro]", text: str) -> str:
    """The text of a third party with a mark for each macro that requests have values for."""
    if not _may_have_macros(text):
        return text
    from bidder.endpoints.third_party_macros import mark_macros  # imported here, since most creatives have no macros

    return mark_macros(text, third_party_macros)


def _may_have_macros(text: str) -> bool:
    """Whether a text has a bracket of macros."""
    return any(bracket in text for bracket in ("[", "{", "%%", "__"))


def skip_offset(offer: Offer) -> float | None:
    """The seconds after which the viewer may skip the ad, or None if the ad is not skippable.

    The ad is not skippable if `skip` is 0, if `battr` blocks skippable ads, if the ad is no longer than `skipmin`, or
    in VAST 2.0. It is skippable after the creative's `skip_offset` or the player's `skipafter`, the later of the two
    (OpenRTB 2.6, section 3.2.7).
    """
    video, creative = offer.slot.video, offer.fit.creative
    if creative.skip_offset is None or video.skip == 0 or CreativeAttribute.SKIPPABLE in video.battr:
        return None
    if creative.duration <= video.skipmin or offer.fit.version < Version.VAST_3_0:
        return None
    offset = max(creative.skip_offset, video.skipafter)
    return offset if offset < creative.duration else None


def _inline(
    creative: Creative, advertiser: str, media: Iterable[Media], seconds: int, mark_text: Callable[[str], str]
) -> InLine:
    ad_id = creative.universal_ad_id
    return InLine(
        ad_serving_id=mark(BID),
        title=creative.name,
        advertiser=advertiser,
        universal_ad_id=UniversalAdIdElement(
            registry=ad_id.registry if ad_id else "unknown",
            value=ad_id.value if ad_id else creative.id,
        ),
        duration=creative.duration,
        media_files=tuple(map(_media_file, media)),
        mezzanine=_media_file(creative.mezzanine) if creative.mezzanine else None,
        click_through=creative.click_through and mark_text(creative.click_through),
        expires=seconds,
    )


def _media_file(file: Media) -> MediaFile:
    return MediaFile(
        url=file.url,
        type=file.mime,
        width=file.width,
        height=file.height,
        bitrate_kbps=file.bitrate,
        codec=file.codec,
        file_size=file.file_size,
    )


def pricing(offer: Offer) -> Pricing | None:
    """The price that the markup states; None if the campaign does not disclose it."""
    if not offer.campaign.discloses_price:
        return None
    return Pricing(value_micros=offer.price.cpm_micros, currency=ACCOUNT_CURRENCY)


def _icon(creative: Creative, mark_text: Callable[[str], str]) -> IconElement | None:
    icon = creative.icon
    if icon is None:
        return None
    return IconElement(
        program=icon.program,
        url=mark_text(icon.url),
        type=icon.mime,
        width=icon.width,
        height=icon.height,
        x_position=icon.x,
        y_position=icon.y,
        click_through=icon.click_through and mark_text(icon.click_through),
        view_tracking=icon.view_tracking and mark_text(icon.view_tracking),
    )


def has_omid(video: Video) -> bool:
    """Whether the player supports the Open Measurement SDK, by `Video.api`."""
    return ApiFramework.OMID_1 in video.api


def _verifications(
    creative: Creative, mark_text: Callable[[str], str], *, reports_not_executed: bool
) -> tuple[VerificationElement, ...]:
    return tuple(
        VerificationElement(
            vendor=script.vendor,
            url=mark_text(script.url),
            parameters=script.parameters and mark_text(script.parameters),
            browser_optional=script.browser_optional,
            # Fluid Player reads the first <TrackingEvents> of a document as those of the ad. From VAST 4.0 on, those of
            # verifications come first. So they are only sent to players with the SDK, which alone call them.
            not_executed=mark_text(script.not_executed) if script.not_executed and reports_not_executed else None,
        )
        for script in creative.verifications
    )
