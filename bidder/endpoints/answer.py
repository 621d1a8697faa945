"""From the offers of a decision to the bids of an OpenRTB response, and to VAST."""

from datetime import datetime
from hashlib import blake2b

from bidder.auction.creative_fit import protocol
from bidder.auction.offer import Offer
from bidder.events.kinds import TRACKED_LINEAR, Kind
from bidder.events.token import LIFETIME, Claims, SigningKeys
from bidder.events.urls import ERROR_CODE, LOSS_REASON, PRICE, EventUrls
from bidder.money import decimal_price
from bidder.openrtb import macros
from bidder.openrtb.bid import Bid
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.creative_attribute import CreativeAttribute
from bidder.openrtb.markup_type import MarkupType
from bidder.vast import Ad, MediaFile, UniversalAdId, render

AD_SYSTEM = "bidder"
_LIFETIME_SECONDS = int(LIFETIME.total_seconds())


def bid_id(request: BidRequest, offer: Offer, now: datetime) -> str:
    """The bid's id: unique to this answer, so that each answer is billed at most once, and never drawn at random."""
    parts = (request.id, offer.slot.imp.id, offer.campaign.id, offer.fit.creative.id, now.isoformat())
    text = "\0".join(parts)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def event_urls(request: BidRequest, offer: Offer, base: str, keys: SigningKeys, now: datetime) -> EventUrls:
    """The signed URLs of one offer."""
    geo = request.device and request.device.geo
    country = geo.country if geo and geo.country and len(geo.country) in {2, 3} else None
    claims = Claims(
        bid_id=bid_id(request, offer, now),
        campaign_id=offer.campaign.id,
        creative_id=offer.fit.creative.id,
        price_micros=offer.price.cpm_micros,
        issued=int(now.timestamp()),
        test=bool(request.test),
        deal_id=offer.price.deal_id,
        country=country,
    )
    return EventUrls(base, claims, keys)


def bid(offer: Offer, urls: EventUrls) -> Bid:
    """OpenRTB 2.6 section 4.2.3. The exchange fills the macros of the notices and of the markup's impression."""
    campaign, creative, media = offer.campaign, offer.fit.creative, offer.fit.media[0]
    answer: Bid = {
        "id": urls.bid_id,
        "impid": offer.slot.imp.id,
        "price": decimal_price(offer.price.cpm_micros),
        "mtype": MarkupType.VIDEO,
        "adm": vast(offer, urls, price_macro=True),
        "adomain": [campaign.advertiser.domain],
        "cid": campaign.id,
        "crid": creative.id,
        "dur": round(creative.duration),
        "protocol": protocol(offer.slot.video),
        "exp": _LIFETIME_SECONDS,
        "w": media.width,
        "h": media.height,
        "nurl": urls.url(Kind.WIN, **{PRICE: macros.AUCTION_PRICE}),
        "burl": urls.url(Kind.BILL, **{PRICE: macros.AUCTION_PRICE}),
        "lurl": urls.url(Kind.LOSS, **{PRICE: macros.AUCTION_PRICE, LOSS_REASON: macros.AUCTION_LOSS}),
    }
    if campaign.categories:
        answer["cat"] = list(campaign.categories)
        answer["cattax"] = 1
    if skip_offset(offer) is not None:
        answer["attr"] = [CreativeAttribute.SKIPPABLE]
    if creative.language:
        answer["language"] = creative.language
    if offer.price.deal_id is not None:
        answer["dealid"] = offer.price.deal_id
    return answer


def vast(offer: Offer, urls: EventUrls, *, price_macro: bool) -> str:
    """The ad as VAST 4.2. With `price_macro` the impression carries the macro that only an exchange fills."""
    campaign, creative = offer.campaign, offer.fit.creative
    macro = {PRICE: macros.AUCTION_PRICE} if price_macro else {}
    skip_from = skip_offset(offer)
    tracked = [kind for kind in TRACKED_LINEAR if kind is not Kind.SKIP or skip_from is not None]
    return render(
        Ad(
            id=urls.bid_id,
            ad_serving_id=urls.bid_id,
            ad_system=AD_SYSTEM,
            title=creative.name,
            advertiser=campaign.advertiser.name,
            creative_id=creative.id,
            universal_ad_id=UniversalAdId(registry="unknown", value=creative.id),
            duration=creative.duration,
            skip_offset=skip_from,
            media_files=tuple(
                MediaFile(url=m.url, type=m.mime, width=m.width, height=m.height, bitrate_kbps=m.bitrate)
                for m in offer.fit.media
            ),
            impressions=(urls.url(Kind.IMPRESSION, **macro),),
            tracking={kind: (urls.url(kind),) for kind in tracked},
            errors=(urls.url(Kind.ERROR, **{ERROR_CODE: "[ERRORCODE]"}),),
            click_through=creative.click_through,
            click_tracking=(urls.url(Kind.CLICK),),
            expires=_LIFETIME_SECONDS,
        )
    )


def skip_offset(offer: Offer) -> float | None:
    """From when the viewer may skip, in seconds: the creative's offset, where the player lets ads be skipped.

    `skip` 0 says it does not; `battr` may refuse what is skippable (OpenRTB 2.6 section 3.2.7).
    """
    video = offer.slot.video
    if video.skip == 0 or CreativeAttribute.SKIPPABLE in video.battr:
        return None
    return offer.fit.creative.skip_offset
