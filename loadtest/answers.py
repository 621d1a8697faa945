"""Checks the answer to a bid request."""

import json
from typing import Any

from loadtest.requests import RequestKind

ALLOWED = {RequestKind.VIDEO: {200, 204}, RequestKind.BANNER: {204}, RequestKind.MALFORMED: {400}}
"""The statuses for each kind of request; all others are errors."""

_CALLED_ON = ("adm", "nurl", "burl", "lurl")


class BadAnswer(ValueError):
    """The answer is invalid for its request. The message says why."""


def bids(kind: RequestKind, request: dict[str, Any], status: int, body: str) -> list[dict[str, Any]]:
    """The bids of an answer; empty unless its status is 200. Raises BadAnswer."""
    if status not in ALLOWED[kind]:
        msg = f"{status} to a {kind} request: {body[:200]}"
        raise BadAnswer(msg)
    if status != 200:
        return []
    try:
        response = json.loads(body)
        returned_bids = [bid for seat in response["seatbid"] for bid in seat["bid"]]
        wrong = _wrong(request, response, returned_bids)
    except (KeyError, TypeError, ValueError) as error:
        wrong = f"no BidResponse: {error!r}"
    if wrong:
        msg = f"200 with a wrong body: {wrong}"
        raise BadAnswer(msg)
    return returned_bids


def _wrong(request: dict[str, Any], response: dict[str, Any], returned_bids: list[dict[str, Any]]) -> str | None:
    floors = {str(imp["id"]): _floor(imp) for imp in request["imp"]}
    if response["id"] != str(request["id"]):
        return f"answers {response['id']}, asked was {request['id']}"
    if not returned_bids:
        return "a response without a bid, which must be a 204"
    for bid in returned_bids:
        if missing := [name for name in _CALLED_ON if not bid.get(name)]:
            return f"a bid without {missing[0]}"
        if bid["impid"] not in floors:
            return f"a bid on imp {bid['impid']}, which is not there"
        if "dealid" not in bid and bid["price"] < floors[bid["impid"]]:
            return f"price {bid['price']} is below {floors[bid['impid']]}, the floor of imp {bid['impid']}"
    return None


def _floor(imp: dict[str, Any]) -> float:
    """The floor of an impression in USD; 0 for a floor in another currency, which only the bidder can convert."""
    is_in_dollars = str(imp.get("bidfloorcur") or "USD").upper() == "USD"
    return float(imp.get("bidfloor") or 0) if is_in_dollars else 0.0
