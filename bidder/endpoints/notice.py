"""GET /e/{kind}/{token}: a notice of the exchange's, a pixel of the player's, or a click that leads on."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

from bidder import log
from bidder.endpoints.reply import Reply, cors, error
from bidder.endpoints.sender import Sender
from bidder.events.address import address_name
from bidder.events.claims import Claims
from bidder.events.event import Event, make_event
from bidder.events.ivt_rules import rule_broken_by_sender
from bidder.events.kinds import NOTICES, Kind, notice_kind
from bidder.events.notice import stated_price
from bidder.events.token import InvalidToken, TokenError, signed_target, verify
from bidder.events.urls import PRICE, TARGET
from bidder.metrics import emf
from bidder.normal_forms import ascii_url
from bidder.service.service import Service

RETRY_AFTER = "5"
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""

PRICE_RAISED = "price-raised"
"""A price above the bid is refused, and the bid is due."""

_OUT_OF_TIME = frozenset({TokenError.EARLY, TokenError.EXPIRED})


def notice(
    service: Service, kind_name: str, token: str, query: Mapping[str, str], sender: Sender, now: datetime
) -> Reply:
    """204, or 200 with a GIF for an `<img>`, once the event is safe; 302 to the landing page that a click's URL names.

    503 where the event could not be made safe, so that the sender comes again; 400 for a URL that this bidder did not
    sign, or that is past its time: coming again would not help. Who clicks is led on in any case, to a page that we
    signed: what fails is ours to bear.
    """
    headers = {"Cache-Control": "no-store", **cors(sender.origin)}
    try:
        kind = notice_kind(unquote(kind_name))
    except ValueError:
        refused(TokenError.KIND, now)
        return error(404, f"no such event kind; known are {', '.join(NOTICES)}")
    target = query.get(TARGET, "") if kind is Kind.CLICK else ""
    again = Reply(503, headers={**headers, "Retry-After": RETRY_AFTER})
    led_on = again
    try:
        if target:
            target = signed_target(kind, token, service.signing_keys, target)
            led_on = Reply(302, headers={**headers, "Location": ascii_url(target)})
        claims = verify(kind, token, service.signing_keys, now, target)
    except InvalidToken as refusal:
        refused(refusal.reason, now, kind=kind, why=str(refusal))
        # Found out of time only after its signature was found right.
        return led_on if target and refusal.reason in _OUT_OF_TIME else error(400, f"event URL refused: {refusal}")
    except Exception:  # no keys, so there is no telling whose URL it is
        log.error("notice.unread", kind=kind)
        return again
    try:
        service.publisher.publish(reported(service, kind, claims, query, sender, now))
    except Exception:  # whatever AWS or the way there suffers from, the sender must hear that it wasn't counted
        log.error("notice.unpublished", **emf(now, "NoticeUnpublished", kind))
        return led_on if target else again
    if target:
        return led_on
    return Reply(200, GIF, "image/gif", headers) if sender.takes_images else Reply(204, headers=headers)


def reported(
    service: Service, kind: Kind, claims: Claims, query: Mapping[str, str], sender: Sender, now: datetime
) -> Event:
    """The event of a verified notice, marked by what its sender shows."""
    keys = service.price_keys.of(claims.exchange) if claims.exchange and PRICE in query else None
    stated = stated_price(query, keys, claims.rate)
    if stated is not None and stated > claims.price_micros:
        refused(PRICE_RAISED, now, kind=kind, campaign=claims.campaign_id, exchange=str(claims.exchange))
    name = address_name(sender.address, claims.bid_id, service.signing_keys)
    return make_event(
        kind, claims, query, now, keys, address=name, invalid=rule_broken_by_sender(kind, sender.user_agent)
    )


def refused(reason: str, now: datetime, **about: str) -> None:
    """Counts what was refused: a URL, or the price that one stated."""
    log.event("notice.refused", **emf(now, "NoticeRefused", reason, 1, **about))
