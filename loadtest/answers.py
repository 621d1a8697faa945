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
    if response["id"] != str(request["id"]):
        return f"answers {response['id']}, asked was {request['id']}"
    if not returned_bids:
        return "a response without a bid, which must be a 204"
    currency = str(response.get("cur") or "USD").upper()
    sent = request.get("cur") or ["USD"]
    accepted = [str(name).upper() for name in ([sent] if isinstance(sent, str) else sent)]
    if currency not in accepted:
        return f"bids in {currency}, accepted is {', '.join(accepted)}"
    if len({bid["id"] for bid in returned_bids}) < len(returned_bids):
        return "two bids with one id"
    return next(filter(None, (_wrong_bid(request, bid, currency) for bid in returned_bids)), None)


def _wrong_bid(request: dict[str, Any], bid: dict[str, Any], currency: str) -> str | None:
    if missing := [name for name in _CALLED_ON if not bid.get(name)]:
        return f"a bid without {missing[0]}"
    imps = {str(imp["id"]): imp for imp in request["imp"]}
    if bid["impid"] not in imps:
        return f"a bid on imp {bid['impid']}, which is not there"
    terms = _terms(imps[bid["impid"]], bid.get("dealid"))
    if not terms:
        return f"a bid in deal {bid['dealid']}, which imp {bid['impid']} does not offer"
    if bid["price"] < (floor := min(_floor(alternative, currency) for alternative in terms)):
        return f"price {bid['price']} is below {floor}, the floor of {_name_of_sale(bid)}"
    if blocked := _blocked(request, bid):
        return f"a bid of {blocked}, which badv blocks"
    return None


def _terms(imp: dict[str, Any], deal_id: str | None) -> list[dict[str, Any]]:
    """The objects with the floor of a bid: the impression, or the entries of the bid's deal, which are alternatives."""
    if deal_id is None:
        return [imp]
    pmp = imp.get("pmp")
    deals = (pmp.get("deals") or []) if isinstance(pmp, dict) else []
    return [deal for deal in deals if str(deal.get("id")).strip() == deal_id.strip()]


def _name_of_sale(bid: dict[str, Any]) -> str:
    return f"deal {bid['dealid']}" if "dealid" in bid else f"imp {bid['impid']}"


def _floor(terms: dict[str, Any], currency: str) -> float:
    """A floor in the currency of the bids; 0 for a floor in another currency, which only the bidder can convert."""
    is_same = str(terms.get("bidfloorcur") or "USD").upper() == currency
    return float(terms.get("bidfloor") or 0) if is_same else 0.0


def _blocked(request: dict[str, Any], bid: dict[str, Any]) -> str | None:
    """A domain of the bid's advertiser that the publisher blocks, itself or by a parent domain."""
    blocked = {str(domain).lower() for domain in request.get("badv") or []}
    domains = (str(domain).lower() for domain in bid.get("adomain") or [])
    return next((domain for domain in domains if {domain, *_parents(domain)} & blocked), None)


def _parents(domain: str) -> list[str]:
    labels = domain.split(".")
    if labels[-1].isdigit():  # an IP address
        return []
    return [".".join(labels[start:]) for start in range(1, len(labels))]
