"""GET or POST /e/{kind}/{token}: a win notice, billing notice or loss notice, a tracking pixel, or a click.

HEAD gets the same answer and counts nothing.
"""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote

from bidder import log
from bidder.endpoints.reply import Reply, add_cors, error
from bidder.endpoints.sender import Sender
from bidder.events.address import address_name
from bidder.events.claims import Claims
from bidder.events.event import Event, make_event
from bidder.events.ivt_rules import IvtRule, rule_broken_by_sender
from bidder.events.kinds import NOTICES, Kind, notice_kind
from bidder.events.settlement import Settlement, settle
from bidder.events.token import ExpiredToken, InvalidToken, SigningKeys, TokenError, key_id_of, signed_target, verify
from bidder.events.urls import PRICE, TARGET
from bidder.log import emf
from bidder.normal_forms import ascii_url
from bidder.service.service import Service

RETRY_AFTER = "5"
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel."""

PRICE_RAISED = "price-raised"
"""The refusal of a price above the bid; the event costs the bid's price."""

MAX_LATENESS = timedelta(days=30)
"""The time for which a late event is still archived. Deduplication markers live longer."""

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
    is_counted: bool = True,
) -> Reply:
    """204, or 200 with a GIF for an `<img>`, once the event is published; 302 to the landing page for a click.

    503 if the event could not be published, since the sender then tries again. 400 for an expired URL, or a URL that
    this bidder did not sign, since another try would not help. A click is redirected to its signed landing page even if
    the event fails. `is_counted` is whether the event is published.
    """
    return add_cors(_notice(service, kind_name, token, query, sender, now, is_counted=is_counted), sender.origin)


def _notice(
    service: Service,
    kind_name: str,
    token: str,
    query: Mapping[str, str],
    sender: Sender,
    now: datetime,
    *,
    is_counted: bool,
) -> Reply:
    headers = _NO_STORE
    try:
        kind = notice_kind(unquote(kind_name))
    except ValueError:
        count_refusal(TokenError.KIND, now)
        return error(404, f"no such event kind; known are {', '.join(NOTICES)}")
    target = query.get(TARGET, "") if kind is Kind.CLICK else ""
    retry_reply = Reply(503, headers={**headers, "Retry-After": RETRY_AFTER})
    redirect_reply = retry_reply
    try:
        if target:
            target = signed_target(kind, token, keys_of(service, token), target)
            redirect_reply = Reply(302, headers={**headers, "Location": ascii_url(target)})
        claims = verify_notice(service, kind, token, now, target)
    except InvalidToken as refusal:
        count_refusal(refusal.reason, now, kind=kind, why=str(refusal))
        # A token counts as expired only if its signature is right.
        is_redirected = bool(target) and refusal.reason in _OUT_OF_TIME
        return redirect_reply if is_redirected else error(400, f"event URL refused: {refusal}")
    except Exception:  # without keys, the URL can't be verified
        log.error("notice.unread", kind=kind)
        return retry_reply
    try:
        if is_counted:
            service.publisher.publish(event_of_notice(service, kind, claims, query, sender, now))
    except Exception:  # for any failure, the sender must learn that the event was not counted
        log.error("notice.unpublished", **emf(now, "NoticeUnpublished", kind))
        return redirect_reply if target else retry_reply
    if target:
        return redirect_reply
    return Reply(200, GIF, "image/gif", headers) if sender.takes_images else Reply(204, headers=headers)


def keys_of(service: Service, token: str) -> SigningKeys:
    """The signing keys that verify a token."""
    return service.current_parameters.signing_keys_with(key_id_of(token))


def verify_notice(service: Service, kind: Kind, token: str, now: datetime, target: str = "") -> Claims:
    """The claims of a token. A token that is too late to count but not too late to archive is accepted too.

    Raises InvalidToken.
    """
    try:
        return verify(kind, token, keys_of(service, token), now, target)
    except ExpiredToken as expired_token:
        if now > expired_token.claims.counts_until + MAX_LATENESS:
            raise
        return expired_token.claims


def event_of_notice(
    service: Service, kind: Kind, claims: Claims, query: Mapping[str, str], sender: Sender, now: datetime
) -> Event:
    """The event of a verified notice, marked as invalid traffic if its sender or its time breaks a rule."""
    keys = service.price_keys.keys_of(claims.exchange) if claims.exchange and PRICE in query else None
    _count_price(settle(query, claims, keys), kind, claims, now)
    address = address_name(sender.address, claims.bid_id, service.signing_keys)
    ivt_rule = rule_broken_by_sender(kind, sender.user_agent, service.parameters_or_defaults.allowed_crawlers)
    if now > claims.counts_until:
        ivt_rule = IvtRule.TOO_LATE
        log.event("notice.late", **emf(now, "NoticeLate", kind, 1, campaign=claims.campaign_id))
    return make_event(kind, claims, query, now, keys, address=address, invalid=ivt_rule)


def _count_price(settlement: Settlement, kind: Kind, claims: Claims, now: datetime) -> None:
    properties = {"kind": kind.value, "campaign": claims.campaign_id, "exchange": str(claims.exchange)}
    if settlement.is_raised and kind is not Kind.LOSS:  # a bid is lost to a higher price
        count_refusal(PRICE_RAISED, now, **properties)
    if settlement.refusal is not None:
        log.warning("price.refused", **emf(now, "PriceRefused", settlement.refusal, 1, **properties))
    if settlement.is_audit:
        log.event("notice.audit", **emf(now, "AuditRender", kind, 1, **properties))


def count_refusal(reason: str, now: datetime, **properties: str) -> None:
    """Counts a refused event URL, or a refused price of one, by its reason."""
    log.event("notice.refused", **emf(now, "NoticeRefused", reason, 1, **properties))
