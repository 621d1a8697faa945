"""From the offer of a decision to its VAST document."""

from collections.abc import Mapping, Sequence

from bidder.auction.offer import Offer
from bidder.campaigns.creative import Creative
from bidder.endpoints.companions import companions
from bidder.events.kinds import TRACKED_LINEAR, Kind
from bidder.events.token import LIFETIME
from bidder.events.urls import ERROR_CODE, PRICE, EventUrls
from bidder.money import ACCOUNT_CURRENCY
from bidder.openrtb import macros
from bidder.openrtb.creative_attribute import CreativeAttribute
from bidder.vast import (
    Ad,
    Icon,
    InLine,
    MediaFile,
    Pricing,
    UniversalAdId,
    Verification,
    Version,
    Wrapper,
    render,
    render_pod,
)

AD_SYSTEM = "bidder"
ERROR_MACRO = "[ERRORCODE]"
LIFETIME_SECONDS = int(LIFETIME.total_seconds())
"""How long a bid, and so its markup, may be kept."""


def vast(offer: Offer, urls: EventUrls) -> str:
    """The ad in the best version that the player takes: InLine, or a Wrapper around a third party's tag.

    The impression carries the macro of the price, which the exchange fills in.
    """
    return render(_ad(offer, urls, {PRICE: macros.AUCTION_PRICE}), offer.fit.version)


def vast_for_player(offers: Sequence[Offer], urls: Sequence[EventUrls]) -> str:
    """The document for a player that asks by itself, so with no macro that only an exchange fills in.

    Several offers, chosen by `for_one_document`, are an ad pod.
    """
    ads = [_ad(offer, its_urls, {}) for offer, its_urls in zip(offers, urls, strict=True)]
    chosen = offers[0].fit.version
    return render_pod(ads, chosen) if len(ads) > 1 else render(ads[0], chosen)


def for_one_document(offers: Sequence[Offer]) -> list[Offer]:
    """The offers that one VAST document can hold: the first, and those of its pod that are written in its version.

    VAST 2.0 has no pods.
    """
    if not offers or offers[0].fit.version < Version.VAST_3_0:
        return list(offers[:1])
    first = offers[0]
    imp, podid, chosen = first.slot.imp.id, first.slot.video.podid, first.fit.version
    return [
        offer
        for offer in offers
        if (offer.slot.imp.id == imp or (podid and offer.slot.video.podid == podid)) and offer.fit.version == chosen
    ]


def _ad(offer: Offer, urls: EventUrls, price_macro: Mapping[str, str]) -> Ad:
    creative = offer.fit.creative
    skip_from = skip_offset(offer)
    tracked = [kind for kind in TRACKED_LINEAR if kind is not Kind.SKIP or skip_from is not None]
    clicks = (urls.url(Kind.CLICK),)
    return Ad(
        id=urls.bid_id,
        ad_system=AD_SYSTEM,
        content=Wrapper(ad_tag=creative.tag.url) if creative.tag else _inline(offer, urls.bid_id),
        creative_id=creative.id,
        impressions=(urls.url(Kind.IMPRESSION, **price_macro),),
        viewable=(urls.url(Kind.VIEWABLE),),
        tracking={kind: (urls.url(kind),) for kind in tracked},
        error=urls.url(Kind.ERROR, **{ERROR_CODE: ERROR_MACRO}),
        click_tracking=clicks,
        skip_offset=skip_from,
        pricing=_pricing(offer),
        icon=_icon(creative),
        verifications=_verifications(creative),
        companions=companions(creative, offer.slot.video, clicks),
    )


def skip_offset(offer: Offer) -> float | None:
    """From when the viewer may skip, in seconds: the creative's offset, where the player lets ads be skipped.

    `skip` 0 says it does not; `battr` may refuse what is skippable; `skipmin` keeps shorter ads whole, and `skipafter`
    puts it off (OpenRTB 2.6 section 3.2.7). VAST 2.0 has no word for it.
    """
    video, creative = offer.slot.video, offer.fit.creative
    if creative.skip_offset is None or video.skip == 0 or CreativeAttribute.SKIPPABLE in video.battr:
        return None
    if creative.duration <= video.skipmin or offer.fit.version < Version.VAST_3_0:
        return None
    offset = max(creative.skip_offset, video.skipafter)
    return offset if offset < creative.duration else None


def _inline(offer: Offer, ad_serving_id: str) -> InLine:
    creative, registered = offer.fit.creative, offer.fit.creative.universal_ad_id
    return InLine(
        ad_serving_id=ad_serving_id,
        title=creative.name,
        advertiser=offer.campaign.advertiser.name,
        universal_ad_id=UniversalAdId(
            registry=registered.registry if registered else "unknown",
            value=registered.value if registered else creative.id,
        ),
        duration=creative.duration,
        media_files=tuple(
            MediaFile(url=m.url, type=m.mime, width=m.width, height=m.height, bitrate_kbps=m.bitrate)
            for m in offer.fit.media
        ),
        click_through=creative.click_through,
        expires=LIFETIME_SECONDS,
    )


def _pricing(offer: Offer) -> Pricing | None:
    if not offer.campaign.discloses_price:
        return None
    return Pricing(value_micros=offer.price.cpm_micros, currency=ACCOUNT_CURRENCY)


def _icon(creative: Creative) -> Icon | None:
    icon = creative.icon
    if icon is None:
        return None
    return Icon(
        program=icon.program,
        url=icon.url,
        type=icon.mime,
        width=icon.width,
        height=icon.height,
        x_position=icon.x,
        y_position=icon.y,
        click_through=icon.click_through,
        view_tracking=icon.view_tracking,
    )


def _verifications(creative: Creative) -> tuple[Verification, ...]:
    return tuple(
        Verification(
            vendor=script.vendor,
            url=script.url,
            parameters=script.parameters,
            browser_optional=script.browser_optional,
            not_executed=script.not_executed,
        )
        for script in creative.verifications
    )
