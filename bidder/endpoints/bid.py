"""POST /bid: an OpenRTB request in, a bid or no bid out."""

from collections.abc import Mapping
from datetime import datetime

from bidder.auction.decide import decide
from bidder.auction.match import match
from bidder.endpoints import answer
from bidder.endpoints.reply import JSON, XML, Reply, cors, error
from bidder.endpoints.service import Service
from bidder.money import ACCOUNT_CURRENCY
from bidder.openrtb.bid_response import bid_response, dump
from bidder.openrtb.invalid_request import InvalidRequest
from bidder.openrtb.parse import parse
from bidder.tracing import span
from bidder.vast import EMPTY

OPENRTB_VERSION = {"X-Openrtb-Version": "2.6", "Cache-Control": "no-store"}


def bid(service: Service, body: bytes, headers: Mapping[str, str], base_url: str, now: datetime) -> Reply:
    """200 with a BidResponse or, for `Accept: application/xml`, with VAST; 204 or an empty VAST for no bid.

    400 names each field that the standard calls invalid. Header names are in lower case.
    """
    answers_xml = wants_xml(headers.get("accept", ""))
    more = {**OPENRTB_VERSION, **cors(headers.get("origin"))}
    no_bid = Reply(200, EMPTY, XML, more) if answers_xml else Reply(204, headers=more)
    try:
        with span("parse"):
            request = parse(body)
    except InvalidRequest as wrong:
        refused = error(400, "invalid bid request: " + str(wrong), fields=dict(wrong.fields))
        return Reply(refused.status, refused.body, JSON, more)

    snapshot = service.keeper.current(now)
    if snapshot is None:
        return no_bid
    with span("match"):
        slots = match(request, snapshot)
    with span("price"):
        offers = decide(request, slots, snapshot, service.settings.seat, now)
    if not offers:
        return no_bid
    with span("markup"):
        urls = [answer.event_urls(request, offer, base_url, service.signing_keys, now) for offer in offers]
        if answers_xml:
            return Reply(200, answer.vast(offers[0], urls[0], price_macro=False), XML, more)
        bids = [answer.bid(offer, its_urls) for offer, its_urls in zip(offers, urls, strict=True)]
        response = bid_response(request.id, bids[0]["id"], ACCOUNT_CURRENCY, {service.settings.seat: bids})
        return Reply(200, dump(response), JSON, more)


def wants_xml(accept: str) -> bool:
    """Whether the caller is a player that takes VAST itself: it names XML, and not JSON."""
    accepted = accept.lower()
    return ("application/xml" in accepted or "text/xml" in accepted) and "json" not in accepted
