"""Explains the answer to an ad tag to operators: the parameter `debug=1`, and GET /explain."""

from functools import partial
from http import HTTPStatus

from bidder import log
from bidder.ad_tag.request import InvalidTag
from bidder.auction.explain import Explanation, explain
from bidder.endpoints import explain as explain_endpoint
from bidder.endpoints.admin import refusal
from bidder.endpoints.bid import bid, finish_reply, no_auction
from bidder.endpoints.call import Call, exchange_name
from bidder.endpoints.reply import XML, Reply
from bidder.endpoints.tag_call import TagCall, call_of, refuse_tag
from bidder.money import decimal_price
from bidder.privacy.gate import restriction
from bidder.service.service import Service

HEADER = "X-Bidder-Debug"
_LONGEST = 2000
"""The most characters of the header, since proxies limit headers. The XML comment has all lines."""


def answer_with_reasons(service: Service, call: Call) -> Reply:
    """The answer with an XML comment and a header that explain it; 401 without the admin key, 403 with a wrong one."""
    refused = refusal(service, call.headers)
    if refused:
        return finish_reply(refused, call.headers)
    plain = {name: value for name, value in call.headers.items() if name != "accept-encoding"}
    reply = bid(service, call._replace(headers=plain))
    if reply.status >= HTTPStatus.BAD_REQUEST:
        return reply
    lines = why(service, call)
    header = "; ".join(lines).encode("ascii", "replace").decode()[:_LONGEST]
    body = f"{_comment(lines)}{reply.body!s}" if reply.content_type == XML else reply.body
    return finish_reply(reply._replace(body=body, headers={**reply.headers, HEADER: _printable(header)}), call.headers)


def explain_ad_tag(service: Service, tag: TagCall, campaign_id: str | None) -> Reply:
    """The answer of `POST /explain` to the request that the tag stands for. 400 names each invalid parameter."""
    try:
        call = call_of(tag)
    except InvalidTag as wrong:
        return refuse_tag(tag, wrong)
    return explain_endpoint.answer(service, call, campaign_id)


def why(service: Service, call: Call) -> list[str]:
    """The reasons of the answer: why the request as a whole got no bid, or how many campaigns each rule left."""
    try:
        request = call.request(service.is_stitcher)
        snapshot = service.keeper.current(call.now)
        refused = no_auction(request, snapshot, service.parameters_or_defaults, call.waited_ms())
        if refused is not None:
            return [f"{refused.words}: nbr {refused.nbr}"]
        assert snapshot is not None  # noqa: S101  # for mypy, as in `bid`
        exchange = exchange_name(call.exchange)
        read = partial(service.exposures, request, call.now)
        seat = service.settings.seat
        explanations = explain(
            request, snapshot, seat, call.now, exchange=exchange, max_verdicts=0, as_xml=True, read_exposures=read
        )
    except Exception:  # as for a bid, the answer must not quote the request
        log.fault("explain.failed")
        return ["a fault of the bidder's; its log has explain.failed"]
    limited = restriction(request)
    return [*([f"contextual only: {limited}"] if limited else []), *map(_line, explanations)]


def _line(explanation: Explanation) -> str:
    left = ", ".join(f"{rule} {count}" for rule, count in explanation.funnel)
    bids = ", ".join(f"{offer.campaign.id} at {decimal_price(offer.price.cpm_micros):g}" for offer in explanation.bids)
    return f"imp {explanation.imp_id}: campaigns left after each rule: {left}; {f'bids {bids}' if bids else 'no bid'}"


def _comment(lines: list[str]) -> str:
    """The lines as an XML comment, which must not contain two hyphens in a row (XML 1.0, section 2.5)."""
    text = "\n".join(_printable(line) for line in lines)
    while "--" in text:
        text = text.replace("--", "- -")
    return f"<!-- {text} -->"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
