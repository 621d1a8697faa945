"""The contract of every version: the valid answers to a recorded request with any campaigns."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from bidder.rollout.answer_outline import VersionAnswer
from bidder.rollout.recorded_requests import RecordedRequest


def breaches(request: RecordedRequest, answer: VersionAnswer) -> Iterator[str]:
    """The breaches of the contract by an answer to a recorded request; empty for a valid answer."""
    if answer.error is not None:
        yield f"raised {answer.error}"
        return
    if answer.status not in request.statuses:
        yield f"status {answer.status}; expected {' or '.join(map(str, request.statuses))}"
        return
    if answer.status == 200 and request.takes_xml:
        yield from _breaches_of_vast(answer.body)
    elif answer.status == 200 and request.is_auction:
        yield from _breaches_of_bids(request, answer)


def _breaches_of_vast(body: str) -> Iterator[str]:
    try:
        root = ET.fromstring(body)  # noqa: S314  our own function's answer
    except ET.ParseError as error:
        yield f"not XML: {error}"
        return
    tag = root.tag.rpartition("}")[2]  # VAST 4 has a namespace
    if tag != "VAST":
        yield f"<{tag}> instead of <VAST>"


def _breaches_of_bids(request: RecordedRequest, answer: VersionAnswer) -> Iterator[str]:
    body = answer.json()
    if not isinstance(body, dict) or body.get("id") != request.auction_id:
        yield "not a BidResponse with the id of the request"
        return
    for bid in answer.bids():
        floor = request.floors.get(bid.get("impid", ""))
        if floor is None:
            yield f"a bid on impression {bid.get('impid')!r}, which is not in the request"
        elif not bid.get("price", 0) >= floor:
            yield f"a bid of {bid.get('price')} below the floor of {floor}"
        elif not {"id", "cid", "crid", "adm"} <= bid.keys():
            yield "a bid that lacks id, cid, crid or adm"
        else:
            yield from _breaches_of_vast(bid["adm"])
