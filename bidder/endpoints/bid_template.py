"""Renders the JSON of bids from templates. Bids that differ only in ids, price and event URLs share a template.

Rendering and encoding each bid separately takes a seventh of a decision (measured).
"""

from collections.abc import Hashable
from typing import NamedTuple

from bidder.auction.offer import Offer
from bidder.campaigns.creative import Creative
from bidder.endpoints.bid_response import BidContext, NoticeUrls, bid_object, exp, notice_urls
from bidder.endpoints.companions import fitting_companions
from bidder.endpoints.vast import BID, marked_vast, markup_form, pricing, skip_offset, vast
from bidder.events.markup_form import written
from bidder.events.urls import EventUrls
from bidder.money import decimal_price
from bidder.openrtb.bid_response import dump
from bidder.vast.template import Template, mark
from bidder.vast.xml import in_cdata

MOST = 1024
"""The most templates of a process. Above it all templates are dropped, so that memory is limited."""

_IMP, _DEAL, _PRICE = "imp", "deal", "price"


class _Rendered(NamedTuple):
    """The encoded form of the markup, and the template; None if the JSON depends on more of the request.

    `creative` is held because its `id` is part of the key.
    """

    creative: Creative
    form: str
    template: Template | None


_rendered: dict[Hashable, _Rendered] = {}


def bid_json(terms: BidContext, offer: Offer, urls: EventUrls) -> str:
    """The Bid of an offer as JSON (OpenRTB 2.6, section 4.2.3)."""
    key = _key(terms, offer, urls)
    rendered = _rendered.get(key)
    if rendered is None:
        if len(_rendered) >= MOST:
            _rendered.clear()
        rendered = _rendered[key] = _render(terms, offer, urls)
    notices = notice_urls(urls, rendered.form)
    if rendered.template is None:
        return dump(bid_object(terms, offer, urls.bid_id, vast(offer, urls, terms.request), notices))
    values: dict[str, str] = {**urls.by_kind, BID: urls.bid_id}
    values["nurl"], values["burl"], values["lurl"] = notices
    values[_IMP] = dump(offer.slot.imp.id)[1:-1]
    if offer.price.sent_deal_id is not None:
        values[_DEAL] = dump(offer.price.sent_deal_id)[1:-1]
    values[_PRICE] = dump(decimal_price(offer.price.cpm_micros, terms.rate))
    return rendered.template.fill(values)


def _key(terms: BidContext, offer: Offer, urls: EventUrls) -> Hashable:
    """The key of a template: all values on which the JSON of a bid depends, except those that fill the template.

    Each decoded campaign has its own creatives, so the creative identifies its campaign too.
    """
    creative, video = offer.fit.creative, offer.slot.video
    return (
        id(creative),
        offer.fit.protocol,
        tuple(map(id, offer.fit.media)),
        tuple((id(companion), slot.vcm) for companion, slot in fitting_companions(creative, video)),
        skip_offset(offer),
        pricing(offer),
        video.api,
        video.slotinpod,
        offer.price.sent_deal_id is None,
        exp(offer.slot.imp, terms.most_exp),
        urls.base,
        terms.asks_transparency,
    )


def _render(terms: BidContext, offer: Offer, urls: EventUrls) -> _Rendered:
    form = written(markup_form(offer))
    markup = marked_vast(offer, urls.seconds)
    base = urls.base
    if markup is None or terms.asks_transparency or in_cdata(base) != base or dump(base)[1:-1] != base:
        return _Rendered(offer.fit.creative, form, None)
    bid = bid_object(terms, offer, mark(BID), markup, NoticeUrls(*map(mark, NoticeUrls._fields)))
    marked = {**bid, "impid": mark(_IMP), "price": mark(_PRICE)}
    if offer.price.sent_deal_id is not None:
        marked["dealid"] = mark(_DEAL)
    # a price is a number: its mark loses the quotes
    return _Rendered(offer.fit.creative, form, Template(dump(marked).replace(f'"{mark(_PRICE)}"', mark(_PRICE))))
