"""GET or POST /e/{kind}/{token}: a notice of the exchange's, a pixel of the player's, or a click that leads on.

HEAD answers the same, and counts nothing."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote

from bidder import log
from bidder.endpoints.reply import Reply, error, with_cors
from bidder.endpoints.sender import Sender
from bidder.events.address import address_name
from bidder.events.claims import Claims
from bidder.events.event import Event, make_event
from bidder.events.ivt_rules import IvtRule, rule_broken_by_sender
from bidder.events.kinds import NOTICES, Kind, notice_kind
from bidder.events.settlement import Settlement, settle
from bidder.events.token import ExpiredToken, InvalidToken, TokenError, signed_target, verify
from bidder.events.urls import PRICE, TARGET
from bidder.metrics import emf
from bidder.normal_forms import ascii_url
from bidder.service.service import Service

RETRY_AFTER = "5"
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""

PRICE_RAISED = "price-raised"
"""A price above the bid is refused, and the bid is due."""

LATEST = timedelta(days=30)
"""How long after its bid an event is archived. The markers of invalid traffic live longer, so that each counts once."""

_OUT_OF_TIME = frozenset({TokenError.EARLY, TokenError.EXPIRED})
_NO_STORE = {"Cache-Control": "no-store"}


def notice(
    service: Service,
    kind_name: str,
    token: str,
    query: Mapping[str, str],
    sender: Sender,
    now: datetime,
    *,
    counts: bool = True,
) -> Reply:
    """204, or 200 with a GIF for an `<img>`, once the event is safe; 302 to the landing page that a click's URL names.

    503 where the event could not be made safe, so that the sender comes again; 400 for a URL that this bidder did not
    sign, or that is long past its time: coming again would not help. Who clicks is led on in any case, to a page that
    we signed: what fails is ours to bear. `counts` is whether the event is published.
    """
    return with_cors(_notice(service, kind_name, token, query, sender, now, counts=counts), sender.origin)


def _notice(
    service: Service,
    kind_name: str,
    token: str,
    query: Mapping[str, str],
    sender: Sender,
    now: datetime,
    *,
    counts: bool,
) -> Reply:
    headers = _NO_STORE
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
        claims = verified(service, kind, token, now, target)
    except InvalidToken as refusal:
        refused(refusal.reason, now, kind=kind, why=str(refusal))
        # Found out of time only after its signature was found right.
        return led_on if target and refusal.reason in _OUT_OF_TIME else error(400, f"event URL refused: {refusal}")
    except Exception:  # no keys, so there is no telling whose URL it is
        log.error("notice.unread", kind=kind)
        return again
    try:
        if counts:
            service.publisher.publish(reported(service, kind, claims, query, sender, now))
    except Exception:  # whatever AWS or the way there suffers from, the sender must hear that it wasn't counted
        log.error("notice.unpublished", **emf(now, "NoticeUnpublished", kind))
        return led_on if target else again
    if target:
        return led_on
    return Reply(200, GIF, "image/gif", headers) if sender.takes_images else Reply(204, headers=headers)


def verified(service: Service, kind: Kind, token: str, now: datetime, target: str = "") -> Claims:
    """The claims of a token, also where it comes too late to count but not too late to be archived.

    Raises InvalidToken.
    """
    try:
        return verify(kind, token, service.signing_keys, now, target)
    except ExpiredToken as late:
        if now > late.claims.counts_until + LATEST:
            raise
        return late.claims


def reported(
    service: Service, kind: Kind, claims: Claims, query: Mapping[str, str], sender: Sender, now: datetime
) -> Event:
    """The event of a verified notice, marked by what its sender and its time show."""
    keys = service.price_keys.of(claims.exchange) if claims.exchange and PRICE in query else None
    _count_price(settle(query, claims, keys), kind, claims, now)
    name = address_name(sender.address, claims.bid_id, service.signing_keys)
    mark = rule_broken_by_sender(kind, sender.user_agent, service.limits.allowed_crawlers)
    if now > claims.counts_until:
        mark = IvtRule.TOO_LATE
        log.event("notice.late", **emf(now, "NoticeLate", kind, 1, campaign=claims.campaign_id))
    return make_event(kind, claims, query, now, keys, address=name, invalid=mark)


def _count_price(settlement: Settlement, kind: Kind, claims: Claims, now: datetime) -> None:
    about = {"kind": kind.value, "campaign": claims.campaign_id, "exchange": str(claims.exchange)}
    if settlement.is_raised:
        refused(PRICE_RAISED, now, **about)
    if settlement.refusal is not None:
        log.warning("price.refused", **emf(now, "PriceRefused", settlement.refusal, 1, **about))
    if settlement.is_audit:
        log.event("notice.audit", **emf(now, "AuditRender", kind, 1, **about))


def refused(reason: str, now: datetime, **about: str) -> None:
    """Counts what was refused: a URL, or the price that one stated."""
    log.event("notice.refused", **emf(now, "NoticeRefused", reason, 1, **about))
