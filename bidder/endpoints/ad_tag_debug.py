"""Explains the answer to an ad tag to operators: the parameter `debug=1`, and GET /explain."""

from functools import partial
from http import HTTPStatus

from bidder import log
from bidder.ad_tag.request import InvalidTag
from bidder.auction.explain import Explanation, explain
from bidder.endpoints import explain as explain_endpoint
from bidder.endpoints.admin import refuse_unauthorized
from bidder.endpoints.bid import bid, finish_reply, no_auction
from bidder.endpoints.call import Call, exchange_name
from bidder.endpoints.reply import XML, Reply
from bidder.endpoints.tag_call import TagCall, call_of, refuse_tag
from bidder.money import decimal_price
from bidder.privacy.gate import restriction
from bidder.service.service import Service

HEADER = "X-Bidder-Debug"
_MAX_HEADER = 2000
"""The most characters of the header, since proxies limit headers. The XML comment has all lines."""


def answer_with_reasons(service: Service, call: Call) -> Reply:
    """The answer with an XML comment and a header that explain it; 401 without the admin key, 403 with a wrong one."""
    refusal = refuse_unauthorized(service, call.headers)
    if refusal:
        return finish_reply(refusal, call.headers)
    headers = {name: value for name, value in call.headers.items() if name != "accept-encoding"}
    reply = bid(service, call._replace(headers=headers))
    if reply.status >= HTTPStatus.BAD_REQUEST:
        return reply
    lines = list_reasons(service, call)
    header = "; ".join(lines).encode("ascii", "replace").decode()[:_MAX_HEADER]
    body = f"{_comment(lines)}{reply.body!s}" if reply.content_type == XML else reply.body
    return finish_reply(reply._replace(body=body, headers={**reply.headers, HEADER: _printable(header)}), call.headers)


def explain_ad_tag(service: Service, tag: TagCall, campaign_id: str | None) -> Reply:
    """The answer of `POST /explain` to the request that the tag stands for. 400 names each invalid parameter."""
    try:
        call = call_of(tag)
    except InvalidTag as invalid_tag:
        return refuse_tag(tag, invalid_tag)
    return explain_endpoint.answer(service, call, campaign_id)


def list_reasons(service: Service, call: Call) -> list[str]:
    """The reasons of the answer: the reason why the request got no auction, or the campaigns left after each rule."""
    try:
        request = call.request(service.is_stitcher)
        snapshot = service.keeper.current(call.now)
        no_auction_reason = no_auction(request, snapshot, service.parameters_or_defaults, call.waited_ms())
        if no_auction_reason is not None:
            return [f"{no_auction_reason.words}: nbr {no_auction_reason.nbr}"]
        assert snapshot is not None  # noqa: S101  # for mypy, as in `bid`
        exchange = exchange_name(call.exchange)
        explanations = explain(
            request,
            snapshot,
            service.settings.seat,
            call.now,
            exchange=exchange,
            max_verdicts=0,
            as_xml=True,
            read_exposures=partial(service.exposures, request, call.now),
        )
    except Exception:  # as for a bid, the answer must not quote the request
        log.fault("explain.failed")
        return ["a fault of the bidder's; its log has explain.failed"]
    privacy_signal = restriction(request)
    privacy = [f"contextual only: {privacy_signal}"] if privacy_signal else []
    return [*privacy, *map(_describe_explanation, explanations)]


def _describe_explanation(explanation: Explanation) -> str:
    counts = ", ".join(f"{rule} {count}" for rule, count in explanation.funnel)
    bids = ", ".join(f"{offer.campaign.id} at {decimal_price(offer.price.cpm_micros):g}" for offer in explanation.bids)
    return f"imp {explanation.imp_id}: campaigns left after each rule: {counts}; {f'bids {bids}' if bids else 'no bid'}"


def _comment(lines: list[str]) -> str:
    """The lines as an XML comment, which must not contain two hyphens in a row (XML 1.0, section 2.5)."""
    text = "\n".join(_printable(line) for line in lines)
    while "--" in text:
        text = text.replace("--", "- -")
    return f"<!-- {text} -->"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
