"""POST /bid: answers an OpenRTB bid request with bids or a no-bid."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from bidder import log
from bidder.auction.answer_rules import ALLOWANCE, ONE_CALLER
from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import affordable, answer_stages, decide
from bidder.auction.match import device_of, match
from bidder.auction.offer import Offer
from bidder.auction.shading import shade_offers
from bidder.endpoints.bid_response import BidContext, bid_json, event_urls
from bidder.endpoints.call import BadBody, Call, exchange_name, is_in_time, patience
from bidder.endpoints.reply import JSON, XML, Reply, compress, cors, error
from bidder.endpoints.vast import vast_for_player
from bidder.events.crawlers import is_crawler
from bidder.events.kinds import BilledBy, Kind
from bidder.log import emf
from bidder.money import ACCOUNT_CURRENCY, bidding_currency
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.bid_response import bid_response_json, no_bid_json
from bidder.openrtb.no_bid_reason import NoBidReason
from bidder.openrtb.parse import InvalidRequest
from bidder.parameters import Parameters
from bidder.privacy.viewer import pseudonyms, viewer
from bidder.service.no_bid_counts import AnswerKind
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot
from bidder.tracing import Spans, spans

OPENRTB_VERSION = {"X-Openrtb-Version": "2.6", "Cache-Control": "no-store"}


class NoAuction(NamedTuple):
    """The no-bid reason of a request without an auction, and the reason in words for operators."""

    nbr: NoBidReason
    words: str


NO_SNAPSHOT = NoAuction(NoBidReason.TECHNICAL_ERROR, "no snapshot young enough to bid from: see /health")
STOPPED = NoAuction(NoBidReason.STOPPED, "all bidding is stopped, until `bidder go`")
CRAWLER = NoAuction(NoBidReason.KNOWN_WEB_CRAWLER, "a known crawler, by its user agent")


def bid(service: Service, call: Call) -> Reply:
    """200 with a BidResponse or, for `Accept: application/xml`, with VAST; for a no-bid 204 or an empty VAST.

    4xx has the fault of the request; 400 names each field that is invalid in OpenRTB. 503 is a no-bid at the
    concurrency limit.
    """
    if not service.concurrency_limit.enter():
        service.no_bids.answers[AnswerKind.BUSY] += 1
        return finish_reply(Reply(503, headers={"Retry-After": "1"}), call.headers)
    try:
        reply = _answer_request(service, call)
        if reply.status >= 400:
            service.no_bids.answers[AnswerKind.INVALID] += 1
        service.no_bids.flush(call.now)
        service.bids.flush(call.now)
    finally:
        service.concurrency_limit.leave()
    return finish_reply(reply, call.headers)


def finish_reply(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """The reply with CORS and OpenRTB headers, compressed if the caller's `headers` accept gzip."""
    extra_headers = {**OPENRTB_VERSION, **cors(headers.get("origin"))}
    uncompressed = Reply(reply.status, reply.body, reply.content_type, {**reply.headers, **extra_headers})
    return compress(uncompressed, headers.get("accept-encoding", ""))


def _answer_request(service: Service, call: Call) -> Reply:
    request = None
    span = spans()
    try:
        exchange = exchange_name(call.exchange)
        with span("parse"):
            request = call.request(service.is_stitcher, service.no_bids.count_repair)
        snapshot = service.load(call.now, lambda: _patience(service, call, request.tmax))
        parameters = service.parameters_or_defaults
        # Checked after the snapshot is loaded: a cold start too slow for this request has loaded it for the next one.
        no_auction_reason = no_auction(request, snapshot, parameters, call.waited_ms())
        if no_auction_reason is not None:
            return _count_no_bid(service, call, request.id, no_auction_reason.nbr)
        assert snapshot is not None  # noqa: S101  # for mypy: `no_auction` refuses a request without a snapshot
        offers = _offers(service, request, snapshot, call, exchange, span)
        if not offers:
            return _count_no_bid(service, call, request.id, NoBidReason.NO_CAMPAIGN_FITS)
        with span("markup"):
            currency = bidding_currency(request.cur, snapshot.delivery.rates) or ACCOUNT_CURRENCY
            is_billed_by_notice = exchange in snapshot.delivery.billed_by_notice
            billed_by: BilledBy = Kind.BILL if is_billed_by_notice else Kind.IMPRESSION
            keys = service.signing_keys
            context = BidContext(
                request,
                call.base_url,
                keys,
                viewer(request, keys),
                call.now,
                exchange,
                currency,
                snapshot.delivery.rates,
                billed_by,
                parameters.agreed_with(exchange),
                parameters.most_exp,
                snapshot.index.households,
            )
            reply = _make_reply(service, context, offers, snapshot, as_xml=call.as_xml)
            service.no_bids.answers[AnswerKind.BID] += 1
            return reply
    except BadBody as bad_body:
        return bad_body.reply()
    except InvalidRequest as invalid_request:
        return error(400, "invalid bid request: " + str(invalid_request), fields=dict(invalid_request.fields))
    except Exception:  # a no-bid costs one auction, but a 5xx makes the exchange send fewer requests
        log.fault("bid.failed", **emf(call.now, "BidFailed", "raised"))
        return _count_no_bid(service, call, request.id if request else "", NoBidReason.TECHNICAL_ERROR)


def no_auction(
    request: BidRequest, snapshot: Snapshot | None, parameters: Parameters, waited_ms: float
) -> NoAuction | None:
    """Why the request gets no auction, or None. `/bid` applies the reason, and explain states it.

    `waited_ms` is the time since the request arrived. A request without a snapshot always has a reason.
    """
    if not is_in_time(request.tmax, waited_ms, parameters.network_allowance):
        return NoAuction(NoBidReason.INSUFFICIENT_TIME, f"tmax of {request.tmax} ms leaves no time for an answer")
    if snapshot is None:
        return NO_SNAPSHOT
    if snapshot.is_stopped:
        return STOPPED
    if request.device and is_crawler(request.device.ua, parameters.allowed_crawlers):
        return CRAWLER
    return None


def _patience(service: Service, call: Call, tmax: int | None) -> float:
    return patience(tmax, call.waited_ms(), service.parameters_or_defaults.network_allowance)


def _count_no_bid(service: Service, call: Call, request_id: str, reason: NoBidReason) -> Reply:
    service.no_bids.count(reason)
    return no_bid(call, request_id, reason)


def _offers(
    service: Service, request: BidRequest, snapshot: Snapshot, call: Call, exchange: str | None, span: Spans
) -> Sequence[Offer]:
    """The offers to bid. A player that accepts VAST gets one document, so only the offers of that document."""
    with span("match"):
        slots = match(request, snapshot, call.now, exchange)
    with span("price"):
        rejections = service.no_bids.rejections
        device = device_of(request)
        considered_tiers = None if request.test else service.traffic.note(snapshot, len(slots), call.now, device)
        read_exposures = partial(service.exposures, request, call.now, lambda: _patience(service, call, request.tmax))
        deal_opportunities = set[tuple[str, str]]() if snapshot.delivery.has_deal_budgets else None
        seat, delivery = service.settings.seat, snapshot.delivery
        context = AuctionContext(request, seat, delivery, call.now, read_exposures, deal_opportunities)
        offers = decide(context, slots, snapshot, rejections, considered_tiers)
        service.traffic.note_funnel(snapshot, slots, considered_tiers)
        if deal_opportunities and not request.test:
            service.traffic.note_deals(deal_opportunities)
        if snapshot.delivery.shading is not None:
            offers = shade_offers(context, offers, exchange)
    shares = service.parameters_or_defaults.most_to_one
    stages = answer_stages(
        request,
        offers,
        lambda offers: service.concentration.select_within_shares(offers, request, snapshot, shares, call.now),
        lambda offers: affordable(offers, snapshot, call.now),
        as_xml=call.as_xml,
    )
    if request.test:
        return stages.paid
    for rule, stage_offers, next_offers in zip((ONE_CALLER, ALLOWANCE), stages[1:], stages[2:], strict=False):
        for offer in stage_offers if len(next_offers) < len(stage_offers) else ():
            if offer not in next_offers:
                rejections[offer.campaign.id, rule.name] += 1
    service.in_flight.note(stages.paid, lambda: pseudonyms(request, service.signing_keys), call.now)
    return stages.paid


def _make_reply(
    service: Service, context: BidContext, offers: Sequence[Offer], snapshot: Snapshot, *, as_xml: bool
) -> Reply:
    urls = [event_urls(context, offer, number) for number, offer in enumerate(offers)]
    if not context.request.test:
        service.bids.count(offers, context.now)
        service.traffic.count(offers, snapshot.delivery)
    if as_xml:
        return Reply(200, vast_for_player(offers, urls, request=context.request), XML)
    bids = [bid_json(context, offer, urls_of_bid) for offer, urls_of_bid in zip(offers, urls, strict=True)]
    seat = service.settings.seat
    return Reply(200, bid_response_json(context.request.id, urls[0].bid_id, context.currency, seat, bids), JSON)


def no_bid(call: Call, request_id: str, reason: NoBidReason) -> Reply:
    """A no-bid in the form that the caller asked for: VAST, JSON or status 204 (OpenRTB 2.6, section 7.1)."""
    if call.as_xml:
        return Reply(200, call.empty, XML)
    return Reply(200, no_bid_json(request_id, reason), JSON) if call.nbr else Reply(204)
