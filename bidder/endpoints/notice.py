"""GET /e/{kind}/{token}: a notice of the exchange's or a pixel of the player's."""

from collections.abc import Mapping
from datetime import datetime

from bidder import log
from bidder.endpoints.reply import Reply, cors, error
from bidder.endpoints.service import Service
from bidder.events.event import make_event
from bidder.events.kinds import Kind
from bidder.events.token import InvalidToken, verify
from bidder.events.urls import PRICE
from bidder.metrics import emf

RETRY_AFTER = "5"


def notice(
    service: Service, kind_name: str, token: str, query: Mapping[str, str], origin: str | None, now: datetime
) -> Reply:
    """204 once the event is safely published; 503 where it could not be, so that the sender comes again.

    400 for a URL that this bidder did not sign, or that is past its time: coming again would not help.
    """
    try:
        kind = Kind(kind_name)
    except ValueError:
        return error(404, f"no such event kind; known are {', '.join(Kind)}")
    try:
        claims = verify(kind, token, service.signing_keys, now)
        keys = service.price_keys.of(claims.exchange) if claims.exchange and PRICE in query else None
        service.publisher.publish(make_event(kind, claims, query, now, keys))
    except InvalidToken as refused:
        log.event("notice.refused", **emf(now, "NoticeRefused", refused.reason, kind=kind, why=str(refused)))
        return error(400, f"event URL refused: {refused}")
    except Exception:  # whatever AWS or the way there suffers from, the sender must hear that it wasn't counted
        log.error("notice.unpublished", kind=kind)
        return Reply(503, headers={"Retry-After": RETRY_AFTER, "Cache-Control": "no-store", **cors(origin)})
    return Reply(204, headers={"Cache-Control": "no-store", **cors(origin)})
