"""POST /bid: an OpenRTB request in, a bid or no bid out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bidder import log
from bidder.auction.decide import decide
from bidder.auction.match import match
from bidder.auction.offer import Offer
from bidder.currency import bidding_currency
from bidder.endpoints import answer
from bidder.endpoints.reply import JSON, XML, Reply, cors, error
from bidder.endpoints.service import Service
from bidder.endpoints.vast import vast
from bidder.events.exchange import exchange_name
from bidder.money import ACCOUNT_CURRENCY, impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.bid_response import bid_response, dump
from bidder.openrtb.invalid_request import InvalidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from bidder.tracing import span
from bidder.vast import EMPTY

OPENRTB_VERSION = {"X-Openrtb-Version": "2.6", "Cache-Control": "no-store"}


def bid(
    service: Service,
    body: bytes,
    headers: Mapping[str, str],
    base_url: str,
    now: datetime,
    exchange: str | None = None,
) -> Reply:
    """200 with a BidResponse or, for `Accept: application/xml`, with VAST; 204 or an empty VAST for no bid.

    400 names each field that the standard calls invalid. Header names are in lower case. `exchange` is what the caller
    goes by, from its URL: events say it, and its prices are read with its keys.
    """
    answers_xml = wants_xml(headers.get("accept", ""))
    more = {**OPENRTB_VERSION, **cors(headers.get("origin"))}
    no_bid = Reply(200, EMPTY, XML, more) if answers_xml else Reply(204, headers=more)
    try:
        exchange = exchange_name(exchange)
        with span("parse"):
            request = parse(body)
    except InvalidRequest as wrong:
        refused = error(400, "invalid bid request: " + str(wrong), fields=dict(wrong.fields))
        return Reply(refused.status, refused.body, JSON, more)

    try:
        with_bid = _answer(service, request, base_url, now, exchange, as_xml=answers_xml)
    except Exception:  # no bid costs one auction; a 5xx makes an exchange throttle us, and shows callers our insides
        log.error("bid.failed")
        return no_bid
    return no_bid if with_bid is None else Reply(200, with_bid, XML if answers_xml else JSON, more)


def _answer(
    service: Service, request: BidRequest, base_url: str, now: datetime, exchange: str | None, *, as_xml: bool
) -> str | None:
    """The body of an answer with a bid, or None."""
    snapshot = service.keeper.current(now)
    if snapshot is None:
        return None
    with span("match"):
        slots = match(request, snapshot)
    with span("price"):
        offers = decide(request, slots, snapshot, service.settings.seat, now)
    if not request.test:
        offers = affordable(offers, snapshot)
    if not offers:
        return None
    with span("markup"):
        currency = bidding_currency(request.cur, snapshot.delivery.rates) or ACCOUNT_CURRENCY
        rate = snapshot.delivery.rates[currency]
        terms = answer.Terms(request, base_url, service.signing_keys, now, exchange, rate)
        urls = [answer.event_urls(terms, offer, number) for number, offer in enumerate(offers)]
        if as_xml:
            return vast(offers[0], urls[0], price_macro=False)
        bids = [answer.bid(terms, offer, its_urls) for offer, its_urls in zip(offers, urls, strict=True)]
        return dump(bid_response(request.id, bids[0]["id"], currency, {service.settings.seat: bids}))


def affordable(offers: Sequence[Offer], snapshot: Snapshot) -> list[Offer]:
    """The offers that their campaigns' allowances still pay for, taken out of them."""
    return [
        offer
        for offer in offers
        if snapshot.delivery.allowance.commit(
            snapshot.index.positions[offer.campaign.id], impression_cost(offer.price.cpm_micros)
        )
    ]


def wants_xml(accept: str) -> bool:
    """Whether the caller is a player that takes VAST itself: it names XML, and not JSON."""
    accepted = accept.lower()
    return ("application/xml" in accepted or "text/xml" in accepted) and "json" not in accepted
