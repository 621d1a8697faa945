"""POST /e: several notices in one request, as a player sends them after it was offline or when it closes."""

from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from pydantic import ConfigDict, RootModel, ValidationError

from bidder import log
from bidder.endpoints.notice import RETRY_AFTER, count_refusal, event_of_notice, verify_notice
from bidder.endpoints.reply import JSON, Reply, add_cors, error
from bidder.endpoints.sender import Sender
from bidder.events.event import Event
from bidder.events.kinds import notice_kind
from bidder.events.token import InvalidToken, TokenError
from bidder.log import emf
from bidder.openrtb.bid_response import dump
from bidder.service.service import Service

MAX_URLS = 50


class _Urls(RootModel[list[str]]):
    model_config = ConfigDict(defer_build=True)


class _NoEventUrl(ValueError):
    def __init__(self) -> None:
        super().__init__("not an event URL: .../e/<kind>/<token>")


def notices(service: Service, body: bytes, sender: Sender, now: datetime) -> Reply:
    """Publishes the events of a JSON list of up to `MAX_URLS` event URLs. The part before `/e/` may be left out.

    200 with `{"accepted": n, "refused": [{"url", "why"}]}` once all accepted events are published. 503 if they could
    not be published, so that the sender sends all of them again: an event that arrives twice counts once.
    """
    return add_cors(_notices(service, body, sender, now), sender.origin)


def _notices(service: Service, body: bytes, sender: Sender, now: datetime) -> Reply:
    headers = {"Cache-Control": "no-store"}
    try:
        urls = _Urls.model_validate_json(body).root
    except ValidationError:
        return error(400, "not a JSON list of event URLs")
    if len(urls) > MAX_URLS:
        return error(400, f"{len(urls)} event URLs in one request; {MAX_URLS} at most")
    events: list[Event] = []
    refused_urls: list[dict[str, str]] = []
    try:
        for url in urls:
            try:
                events.append(_event(service, url, sender, now))
            except (InvalidToken, _NoEventUrl) as failure:
                refused_urls.append({"url": url, "why": str(failure)})
        service.publisher.publish_all(events)
    except Exception:  # as for one notice
        log.error("notice.unpublished", **emf(now, "NoticeUnpublished", "several", value=len(urls)))
        return Reply(503, headers={**headers, "Retry-After": RETRY_AFTER})
    return Reply(200, dump({"accepted": len(events), "refused": refused_urls}), JSON, headers)


def _event(service: Service, url: str, sender: Sender, now: datetime) -> Event:
    try:
        parts = urlsplit(url)
        kind_name, token = parts.path.rpartition("/e/")[2].strip("/").split("/")
        kind = notice_kind(kind_name)
    except ValueError:
        count_refusal(TokenError.MALFORMED, now)
        raise _NoEventUrl from None
    try:
        claims = verify_notice(service, kind, token, now)
    except InvalidToken as refusal:
        count_refusal(refusal.reason, now, kind=kind, why=str(refusal))
        raise
    return event_of_notice(service, kind, claims, dict(parse_qsl(parts.query, keep_blank_values=True)), sender, now)
