"""Builds the bids of an OpenRTB response from the offers of a decision, and renders them as JSON from templates.

Bids that differ only in ids, price and event URLs share a template. Rendering and encoding each bid separately takes a
seventh of a decision (measured).
"""

from collections.abc import Hashable
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from bidder.auction.offer import Offer
from bidder.auction.price import Rates, is_first_price, lowest_charge
from bidder.auction.shading import is_learned, value_micros
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.delivery.price_segment import placement_number
from bidder.endpoints.companions import match_companions
from bidder.endpoints.vast import BID, marked_vast, markup_form, pricing, skip_offset, vast
from bidder.events.claims import DEFAULT_EXP, Claims
from bidder.events.exchange import UNKNOWN, Exchange
from bidder.events.kinds import BilledBy, Kind
from bidder.events.markup_form import MARKUP, encode_form
from bidder.events.token import SigningKeys
from bidder.events.urls import LOSS_REASON, PRICE, TO_WIN, EventUrls, query
from bidder.money import Rate, decimal_price
from bidder.openrtb import macros
from bidder.openrtb.api_framework import ApiFramework
from bidder.openrtb.bid import Bid
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.bid_response import dump
from bidder.openrtb.creative_attribute import CreativeAttribute
from bidder.openrtb.imp import Imp
from bidder.openrtb.markup_type import MarkupType
from bidder.openrtb.slot_in_pod import SlotInPod
from bidder.openrtb.video import Video
from bidder.parameters import DEFAULTS
from bidder.privacy.viewer import household
from bidder.url_names import LONGEST_URL, encode_bytes
from bidder.vast.template import Template, mark
from bidder.vast.xml import in_cdata

_ID_BYTES = 11
"""The length of a bid id, which is part of each event URL. With 88 bits, a billion bids are unlikely to share an id."""

_PRICE_QUERY = "?" + query(**{PRICE: macros.AUCTION_PRICE})
LONGEST_PRICE = 48
"""The most characters that an exchange substitutes for the price macro. An encrypted price has 44, escaped."""
_LOSS_QUERY = "?" + query(**{PRICE: macros.AUCTION_PRICE, LOSS_REASON: macros.AUCTION_LOSS})
_MIN_TO_WIN_QUERY = "&" + query(**{TO_WIN: macros.AUCTION_MIN_TO_WIN})

MAX_TEMPLATES = 1024
"""The most templates of a process. Above it all templates are dropped, so that memory is limited."""

_IMP, _DEAL, _PRICE = "imp", "deal", "price"


def bid_id(auction_id: str, offer: Offer, number: int, now: datetime) -> str:
    """The id of a bid, 15 letters: a hash of the auction, impression, campaign, time and `number`, without randomness.

    The id is unique to this response, so each bid is billed at most once. `number` is the position in the response.
    """
    text = "\0".join((auction_id, offer.slot.imp.id, offer.campaign.id, str(number), now.isoformat()))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_ID_BYTES).digest()
    return encode_bytes(b"\0" + digest)[1:]


class BidContext(NamedTuple):
    """The context that all bids of one response share.

    `base` is the base of the event URLs, and `keys` sign them. `viewer` is the viewer's pseudonym. `currency` is the
    currency of the response; `rates` are the values of one unit of each currency, in micros of the account currency.
    `billed_by` is the kind of event that `exchange` bills by, and `agreement` is the agreement with the exchange.
    `max_expiry` is in seconds. `households` are the domains of advertisers of whose campaigns any counts by household.
    """

    request: BidRequest
    base: str
    keys: SigningKeys
    viewer: str | None
    now: datetime
    exchange: str | None
    currency: str
    rates: Rates
    billed_by: BilledBy = Kind.IMPRESSION
    agreement: Exchange = UNKNOWN
    max_expiry: int = DEFAULTS.most_exp
    households: frozenset[str] = frozenset()

    @property
    def rate(self) -> Rate:
        """The value of one unit of the response's currency, in micros of the account currency."""
        return self.rates[self.currency]

    @property
    def asks_transparency(self) -> bool:
        """Whether the request asks for information of the Digital Services Act."""
        return bool(self.request.regs and self.request.regs.dsa)


def bid_expiry(imp: Imp, max_expiry: int) -> int:
    """The seconds until a bid expires: the impression's `exp` (OpenRTB 2.6, section 3.2.4), at most `max_expiry`."""
    return min(imp.exp if imp.exp and imp.exp > 0 else int(DEFAULT_EXP.total_seconds()), max_expiry)


def lowest_credible_price(context: BidContext, offer: Offer) -> int:
    """The lowest CPM, in micros, that a notice of this offer may state. A lower price is refused."""
    bid, seconds = offer.price, offer.fit.creative.seconds
    min_charge = lowest_charge(offer.slot, bid, seconds, context.rates, context.currency)
    is_first = is_first_price(context.request, offer.slot, bid)
    return context.agreement.lowest_credible_price(bid.cpm_micros, min_charge, is_first_price=is_first)


def _is_code(country: str) -> bool:
    return len(country) in {2, 3} and country.isascii() and country.isalpha()


def _household(context: BidContext, offer: Offer) -> str | None:
    """The pseudonym of the household, if a frequency cap of the campaign or of its advertiser counts by household.

    None if the names of the campaign leave no room for the pseudonym in event URLs. An import refuses such names only
    of a campaign with a household cap of its own.
    """
    campaign = offer.campaign
    if campaign.advertiser.domain not in context.households and not campaign.has_household_cap:
        return None
    from bidder.campaigns.names import too_long  # few campaigns count by households

    return None if too_long(campaign, with_household=True) else household(context.request, context.keys)


def event_urls(context: BidContext, offer: Offer, number: int) -> EventUrls:
    """The signed event URLs of an offer. `number` is its position in the response, from 0."""
    request, price, video = context.request, offer.price, offer.slot.video
    geo = request.location
    country = geo.country if geo and geo.country and _is_code(geo.country) else None
    is_learned_from = is_learned(request, offer.slot, price)
    claims = Claims(
        bid_id=bid_id(request.id, offer, number, context.now),
        campaign_id=offer.campaign.id,
        creative_id=offer.fit.creative.id,
        price_micros=price.cpm_micros,
        issued=int(context.now.timestamp()),
        test=bool(request.test),
        deal_id=price.deal_id,
        country=country,
        exchange=context.exchange,
        rate=context.rate,
        advertiser=offer.campaign.advertiser.domain,
        zone=offer.campaign.time_zone,
        user=context.viewer,
        billed_by=context.billed_by,
        least_micros=0 if request.test else lowest_credible_price(context, offer),
        device=request.device.devicetype if request.device else None,
        household=_household(context, offer),
        minutes=-(-bid_expiry(offer.slot.imp, context.max_expiry) // 60),
        placement=placement_number(video.plcmt, video.placement) if is_learned_from else None,
        value_micros=value_micros(price) if is_learned_from else None,
    )
    return EventUrls(context.base, claims, context.keys)


def _notice_url(url: str, *parameters: str) -> str:
    """The URL of an exchange's notice. Parameters that would make the URL with its prices too long are left out."""
    max_length = len(url) + LONGEST_PRICE
    for parameter in parameters:
        max_length += len(parameter) + (LONGEST_PRICE if parameter == _MIN_TO_WIN_QUERY else 0)
        if max_length > LONGEST_URL:
            return url
        url += parameter
    return url


class NoticeUrls(NamedTuple):
    """The notice URLs of a bid. The exchange substitutes their macros."""

    nurl: str
    burl: str
    lurl: str


def notice_urls(urls: EventUrls, form: str) -> NoticeUrls:
    """The notice URLs; `form` is the encoded form of the bid's markup."""
    by_kind = urls.by_kind
    return NoticeUrls(
        _notice_url(by_kind[Kind.WIN] + _PRICE_QUERY, f"&{MARKUP}={form}", _MIN_TO_WIN_QUERY),
        _notice_url(by_kind[Kind.BILL] + _PRICE_QUERY, _MIN_TO_WIN_QUERY),
        _notice_url(by_kind[Kind.LOSS] + _LOSS_QUERY, _MIN_TO_WIN_QUERY),
    )


def bid_object(context: BidContext, offer: Offer, bid_id: str, markup: str, notices: NoticeUrls) -> Bid:
    """The Bid of an offer (OpenRTB 2.6, section 4.2.3), with this VAST document."""
    campaign, creative = offer.campaign, offer.fit.creative
    bid: Bid = {
        "id": bid_id,
        "impid": offer.slot.imp.id,
        "price": decimal_price(offer.price.cpm_micros, context.rate),
        "mtype": MarkupType.VIDEO,
        "adm": markup,
        "adomain": [campaign.advertiser.domain],
        "cid": campaign.id,
        "crid": creative.id,
        "dur": creative.seconds,
        "protocol": offer.fit.protocol,
        "exp": bid_expiry(offer.slot.imp, context.max_expiry),
        "nurl": notices.nurl,
        "burl": notices.burl,
        "lurl": notices.lurl,
    }
    if offer.fit.media:
        bid["w"], bid["h"] = offer.fit.media[0].width, offer.fit.media[0].height
    _add_campaign(bid, campaign)
    attributes = {*creative.attributes, *([CreativeAttribute.SKIPPABLE] if skip_offset(offer) is not None else [])}
    if attributes:
        bid["attr"] = sorted(attributes)
    apis = {*creative.apis, *({ApiFramework.OMID_1} & set(offer.slot.video.api) if creative.verifications else ())}
    if apis:
        bid["apis"] = sorted(apis)
    if (slotinpod := _slot_in_pod(offer.slot.video)) is not None:
        bid["slotinpod"] = slotinpod
    if creative.language:
        bid["language"] = creative.language
    if offer.price.sent_deal_id is not None:
        bid["dealid"] = offer.price.sent_deal_id
    if context.asks_transparency:
        from bidder.endpoints.transparency import dsa_facts  # imported here, since few requests ask for it

        if facts := dsa_facts(context.request, campaign, context.base):
            bid["ext"] = {"dsa": facts}
    return bid


def _add_campaign(bid: Bid, campaign: Campaign) -> None:
    """Adds the optional fields that describe the advertised app and the campaign's categories."""
    if campaign.advertiser.bundle:
        bid["bundle"] = campaign.advertiser.bundle
    if campaign.categories:
        bid["cat"] = list(campaign.categories)
        bid["cattax"] = campaign.cattax


def _slot_in_pod(video: Video) -> int | None:
    """The position in the pod that the bid is for, or None for any.

    The ads of an impression with `poddur` are for any position, since at most one of them can be the first or the last.
    """
    if not video.slotinpod or (video.poddur or 0) > 0:
        return None
    return video.slotinpod if video.slotinpod in {SlotInPod.FIRST, SlotInPod.LAST} else None


class _RenderedBid(NamedTuple):
    """The encoded form of the markup, and the template; None if the JSON depends on more of the request.

    `creative` is stored so that its `id()`, a part of the key, is not used for another object.
    """

    creative: Creative
    form: str
    template: Template | None


_rendered: dict[Hashable, _RenderedBid] = {}


def bid_json(context: BidContext, offer: Offer, urls: EventUrls) -> str:
    """The Bid of an offer as JSON (OpenRTB 2.6, section 4.2.3)."""
    key = _template_key(context, offer, urls)
    rendered = _rendered.get(key)
    if rendered is None:
        if len(_rendered) >= MAX_TEMPLATES:
            _rendered.clear()
        rendered = _rendered[key] = _render(context, offer, urls)
    notices = notice_urls(urls, rendered.form)
    if rendered.template is None:
        return dump(bid_object(context, offer, urls.bid_id, vast(offer, urls, context.request), notices))
    values: dict[str, str] = {**urls.by_kind, BID: urls.bid_id}
    values["nurl"], values["burl"], values["lurl"] = notices
    values[_IMP] = dump(offer.slot.imp.id)[1:-1]
    if offer.price.sent_deal_id is not None:
        values[_DEAL] = dump(offer.price.sent_deal_id)[1:-1]
    values[_PRICE] = dump(decimal_price(offer.price.cpm_micros, context.rate))
    return rendered.template.fill(values)


def _template_key(context: BidContext, offer: Offer, urls: EventUrls) -> Hashable:
    """The key of a template: all values on which the JSON of a bid depends, except the values that fill the template.

    Each decoded campaign has its own creatives, so the creative identifies its campaign too.
    """
    creative, video = offer.fit.creative, offer.slot.video
    return (
        id(creative),
        offer.fit.protocol,
        tuple(map(id, offer.fit.media)),
        tuple((id(companion), slot.vcm) for companion, slot in match_companions(creative, video)),
        skip_offset(offer),
        pricing(offer),
        video.api,
        _slot_in_pod(video),
        offer.price.sent_deal_id is None,
        bid_expiry(offer.slot.imp, context.max_expiry),
        urls.base,
        context.asks_transparency,
    )


def _render(context: BidContext, offer: Offer, urls: EventUrls) -> _RenderedBid:
    form = encode_form(markup_form(offer))
    markup = marked_vast(offer, urls.seconds)
    base = urls.base
    if markup is None or context.asks_transparency or in_cdata(base) != base or dump(base)[1:-1] != base:
        return _RenderedBid(offer.fit.creative, form, None)
    bid = bid_object(context, offer, mark(BID), markup, NoticeUrls(*map(mark, NoticeUrls._fields)))
    marked_bid = {**bid, "impid": mark(_IMP), "price": mark(_PRICE)}
    if offer.price.sent_deal_id is not None:
        marked_bid["dealid"] = mark(_DEAL)
    # a price is a number: its mark loses the quotes
    return _RenderedBid(offer.fit.creative, form, Template(dump(marked_bid).replace(f'"{mark(_PRICE)}"', mark(_PRICE))))
