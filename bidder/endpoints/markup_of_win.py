"""GET /e/win/{token}: serves the markup of the bid to a player, and counts the win notice of an exchange.

Prebid.js passes `nurl` to players as `vastUrl`, and a win notice may answer with the markup (OpenRTB 2.6, section
4.3.2). The markup is made from the token and the snapshot, since no bid is stored.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from bidder import log
from bidder.ad_tag.versions import DEFAULT
from bidder.auction.creative_fit import Fit
from bidder.auction.match import Candidates, RequestMatch, Slot
from bidder.auction.offer import Offer
from bidder.auction.price import Price
from bidder.campaigns.creative import Creative
from bidder.delivery.participation import AuctionDraw
from bidder.endpoints import notice
from bidder.endpoints.reply import XML, Reply, cors, error
from bidder.endpoints.sender import Sender
from bidder.endpoints.vast import vast_for_player
from bidder.events.claims import Claims
from bidder.events.kinds import Kind
from bidder.events.markup_form import MARKUP, MarkupForm, decode_form
from bidder.events.token import InvalidToken, verify
from bidder.events.urls import PRICE, EventUrls
from bidder.openrtb.api_framework import ApiFramework
from bidder.openrtb.banner import Banner
from bidder.openrtb.imp import Imp
from bidder.openrtb.protocol import Protocol
from bidder.openrtb.video import Video
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot
from bidder.vast import EMPTY
from bidder.vast.version import PROTOCOLS
from bidder.viewer.fill_in import device_of


class Fetch(NamedTuple):
    """A GET of a win notice. Header names are in lower case; `base_url` is the URL of this app."""

    token: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    sender: Sender
    base_url: str
    now: datetime


def win(service: Service, fetch: Fetch) -> Reply:
    """200 with the bid's VAST to a player (`is_player`); any other caller gets the answer of `notice`.

    The fetch of a player is not a win: the player may fetch before the end of the auction, and more than once. A caller
    that leaves the price macro unfilled may be a player or an exchange. This caller gets the markup, and its notice
    counts.
    """
    if is_player(fetch.headers):
        return _markup(service, fetch)
    notice_reply = notice.notice(service, Kind.WIN, fetch.token, fetch.query, fetch.sender, fetch.now)
    is_unfilled = "${" in fetch.query.get(PRICE, "")
    return _markup(service, fetch) if notice_reply.status == 204 and is_unfilled else notice_reply


def is_player(headers: Mapping[str, str]) -> bool:
    """Whether the caller is a player: it accepts XML, or is the script of a page, or has the user agent of a device.

    A page reports a win by an image or a `no-cors` request, whose answer its script can't read. That is not a player.
    """
    accept = headers.get("accept", "").lower()
    if accept.startswith("image/") or headers.get("sec-fetch-mode") == "no-cors":
        return False
    if "xml" in accept or headers.get("origin") or headers.get("sec-fetch-mode") == "cors":
        return True
    return device_of(headers.get("x-device-user-agent") or headers.get("user-agent", "")).os is not None


def _markup(service: Service, fetch: Fetch) -> Reply:
    headers = {"Cache-Control": "no-store", **cors(fetch.sender.origin)}
    try:
        claims = verify(Kind.WIN, fetch.token, notice.keys_of(service, fetch.token), fetch.now)
    except InvalidToken as refusal:
        notice.count_refusal(refusal.reason, fetch.now, kind=Kind.WIN, why=str(refusal))
        error_reply = error(400, f"event URL refused: {refusal}")
        return Reply(error_reply.status, error_reply.body, error_reply.content_type, headers)
    except Exception:  # without keys, the URL can't be verified
        log.error("notice.unread", kind=Kind.WIN)
        return Reply(503, headers={**headers, "Retry-After": notice.RETRY_AFTER})
    snapshot = service.keeper.current(fetch.now)
    offer = _offer(claims, decode_form(fetch.query.get(MARKUP, "")), snapshot) if snapshot else None
    if offer is None:
        return Reply(200, EMPTY, XML, headers)
    urls = EventUrls(fetch.base_url, claims, service.signing_keys)
    return Reply(200, vast_for_player([offer], [urls], _price_query(fetch.query)), XML, headers)


def _price_query(query: Mapping[str, str]) -> str:
    """The query with the price of the impression URL, as in markup that is part of a bid; "" without a price."""
    price = query.get(PRICE, "")
    return f"?{PRICE}={quote(price, safe='')}" if price and "${" not in price and len(price) <= 64 else ""


def _offer(claims: Claims, form: MarkupForm | None, snapshot: Snapshot) -> Offer | None:
    """The offer of the bid, with the parts that markup depends on; None if its creative no longer exists.

    The id of a deleted campaign can belong to another advertiser's campaign by now. Such a campaign's ad is not shown.
    """
    position = snapshot.index.position(claims.campaign_id)
    if position is None:
        return None
    campaign = snapshot.index.campaign(position)
    if claims.advertiser is not None and not campaign.is_of_advertiser(claims.advertiser):
        return None
    creative = next((creative for creative in campaign.creatives if creative.id == claims.creative_id), None)
    if creative is None:
        return None
    form = form if form and _has_parts(form, creative) else _default_form(creative)
    version = next(version for version, protocols in PROTOCOLS.items() if form.protocol in protocols)
    video = _video(creative, form)
    imp = Imp.model_construct(id="1", video=video)
    slot = Slot(imp, video, {}, Candidates(RequestMatch(snapshot, {}, AuctionDraw(claims.bid_id), device=0), {}))
    fit = Fit(creative, version, Protocol(form.protocol), tuple(creative.media[index] for index in form.media))
    return Offer(slot, campaign, fit, Price(claims.price_micros, claims.deal_id), 0, 0)


def _has_parts(form: MarkupForm, creative: Creative) -> bool:
    """Whether the creative still has the parts that the form names. The creative may have changed since the bid."""
    protocols = {pair.wrapper if creative.tag else pair.inline for pair in PROTOCOLS.values()}
    return (
        form.protocol in protocols
        and bool(form.media) == bool(creative.media)
        and all(index < len(creative.media) for index in form.media)
        and all(index < len(creative.companions) for index, _ in form.companions)
    )


def _default_form(creative: Creative) -> MarkupForm:
    """The form of the markup if the URL names none: all media files, in the VAST version that most players play."""
    protocols = PROTOCOLS[DEFAULT]
    protocol = protocols.wrapper if creative.tag else protocols.inline
    return MarkupForm(protocol, creative.skip_offset, tuple(range(len(creative.media))))


def _video(creative: Creative, form: MarkupForm) -> Video:
    """The Video of the impression, with the fields that the markup depends on."""
    companions = [(creative.companions[index], vcm) for index, vcm in form.companions]
    slots = [Banner.model_construct(w=ad.width, h=ad.height, mimes=(ad.mime,), vcm=vcm) for ad, vcm in companions]
    return Video.model_construct(
        mimes=(),
        skip=0 if form.skip_offset is None else None,
        skipafter=int(form.skip_offset or 0),
        companionad=tuple(slots),
        api=(ApiFramework.OMID_1,) if form.has_omid else (),
    )
