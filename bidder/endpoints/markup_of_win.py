"""GET /e/win/{token}: to a player the markup of its bid, to an exchange a notice.

Prebid.js hands `nurl` to players as `vastUrl`, and OpenRTB lets a win notice answer with the markup (2.6, section
4.3.2). What is answered is made of the token and the snapshot: no bid is stored.
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
from bidder.events.markup_form import MARKUP, MarkupForm, read
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
from bidder.viewer.device import device_of


class Fetch(NamedTuple):
    """A GET of a win notice. Header names are in lower case; `base_url` is where this app was reached."""

    token: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    sender: Sender
    base_url: str
    now: datetime


def win(service: Service, fetch: Fetch) -> Reply:
    """200 with the bid's VAST to a player, which is told apart by what it sends; for all others as `notice` has it.

    A player's fetch is no win: it may come before the auction is over, and again. Who leaves the price's macro as it
    stands may be either: it gets the markup, and the notice counts.
    """
    if is_player(fetch.headers):
        return _markup(service, fetch)
    counted = notice.notice(service, Kind.WIN, fetch.token, fetch.query, fetch.sender, fetch.now)
    return _markup(service, fetch) if counted.status == 204 and "${" in fetch.query.get(PRICE, "") else counted


def is_player(headers: Mapping[str, str]) -> bool:
    """Whether a player asks, and no exchange: one that names XML, a page's script, or a viewer's device.

    An image, or another request of which the page's script sees no answer, is how a page tells of a win.
    """
    accepted = headers.get("accept", "").lower()
    if accepted.startswith("image/") or headers.get("sec-fetch-mode") == "no-cors":
        return False
    if "xml" in accepted or headers.get("origin") or headers.get("sec-fetch-mode") == "cors":
        return True
    return device_of(headers.get("x-device-user-agent") or headers.get("user-agent", "")).os is not None


def _markup(service: Service, fetch: Fetch) -> Reply:
    headers = {"Cache-Control": "no-store", **cors(fetch.sender.origin)}
    try:
        claims = verify(Kind.WIN, fetch.token, service.signing_keys, fetch.now)
    except InvalidToken as refusal:
        notice.refused(refusal.reason, fetch.now, kind=Kind.WIN, why=str(refusal))
        refused = error(400, f"event URL refused: {refusal}")
        return Reply(refused.status, refused.body, refused.content_type, headers)
    except Exception:  # no keys, so there is no telling whose URL it is
        log.error("notice.unread", kind=Kind.WIN)
        return Reply(503, headers={**headers, "Retry-After": notice.RETRY_AFTER})
    snapshot = service.keeper.current(fetch.now)
    offer = _offer(claims, read(fetch.query.get(MARKUP, "")), snapshot) if snapshot else None
    if offer is None:
        return Reply(200, EMPTY, XML, headers)
    urls = EventUrls(fetch.base_url, claims, service.signing_keys)
    return Reply(200, vast_for_player([offer], [urls], _price_query(fetch.query)), XML, headers)


def _price_query(query: Mapping[str, str]) -> str:
    """The price that was filled in, for the impression: as it stands in markup that came with the bid."""
    price = query.get(PRICE, "")
    return f"?{PRICE}={quote(price, safe='')}" if price and "${" not in price and len(price) <= 64 else ""


def _offer(claims: Claims, form: MarkupForm | None, snapshot: Snapshot) -> Offer | None:
    """The offer that the bid was made from, as far as markup shows it; None where its creative is gone."""
    position = snapshot.index.position(claims.campaign_id)
    if position is None:
        return None
    campaign = snapshot.index.campaign(position)
    creative = next((creative for creative in campaign.creatives if creative.id == claims.creative_id), None)
    if creative is None:
        return None
    form = form if form and _is_of(form, creative) else _usual_form(creative)
    version = next(version for version, both in PROTOCOLS.items() if form.protocol in both)
    video = _video(creative, form)
    imp = Imp.model_construct(id="1", video=video)
    slot = Slot(imp, video, {}, Candidates(RequestMatch(snapshot, {}, AuctionDraw(claims.bid_id)), {}))
    fit = Fit(creative, version, Protocol(form.protocol), tuple(creative.media[place] for place in form.media))
    return Offer(slot, campaign, fit, Price(claims.price_micros, claims.deal_id), 0, 0)


def _is_of(form: MarkupForm, creative: Creative) -> bool:
    """Whether the creative has the parts that the form names: it may have changed since the bid."""
    known = any(form.protocol == (both.wrapper if creative.tag else both.inline) for both in PROTOCOLS.values())
    return (
        known
        and bool(form.media) == bool(creative.media)
        and all(place < len(creative.media) for place in form.media)
        and all(place < len(creative.companions) for place, _ in form.companions)
    )


def _usual_form(creative: Creative) -> MarkupForm:
    """For a bid of which nothing is known: all files, in the version that most players play."""
    both = PROTOCOLS[DEFAULT]
    protocol = both.wrapper if creative.tag else both.inline
    return MarkupForm(protocol, creative.skip_offset, tuple(range(len(creative.media))))


def _video(creative: Creative, form: MarkupForm) -> Video:
    """The impression that the form is of: what of it the markup depends on."""
    shown = [(creative.companions[place], vcm) for place, vcm in form.companions]
    places = [Banner.model_construct(w=its.width, h=its.height, mimes=(its.mime,), vcm=vcm) for its, vcm in shown]
    return Video.model_construct(
        mimes=(),
        skip=0 if form.skip_offset is None else None,
        skipafter=int(form.skip_offset or 0),
        companionad=tuple(places),
        api=(ApiFramework.OMID_1,) if form.has_omid else (),
    )
