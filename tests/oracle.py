"""A second opinion on auctions: every campaign tried on every impression, straight from the JSON, with no index.

Written from the standard and from what the campaign model promises, not from `bidder.auction`, and never used by it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from bidder.campaigns.campaign import Campaign

Json = dict[str, Any]


def best_bids(request: Json, campaigns: Iterable[Campaign], now: datetime, seat: str = "bidder") -> dict[str, Any]:
    """For each impression that gets a bid: its highest CPM in micros, and the ids of the campaigns that bid it."""
    campaigns = [c for c in campaigns if c.status == "active"]
    found = {}
    for imp in request["imp"]:
        bids = {c.id: price for c in campaigns if (price := bid(request, imp, c, now, seat)) is not None}
        if bids:
            highest = max(bids.values())
            found[imp["id"]] = (highest, {name for name, price in bids.items() if price == highest})
    return found


def bid(request: Json, imp: Json, campaign: Campaign, now: datetime, seat: str) -> int | None:
    """The most the campaign can bid on the impression, or None."""
    if not all(_allowed(request, imp, campaign, now, seat)):
        return None
    prices = list(_prices(imp, campaign, seat))
    return max(prices, default=None)


def _allowed(request: Json, imp: Json, campaign: Campaign, now: datetime, seat: str) -> Iterator[bool]:
    video = imp.get("video")
    yield video is not None
    yield not request.get("cur") or "USD" in request["cur"]
    yield not request.get("wseat") or seat in request["wseat"]
    yield seat not in request.get("bseat", [])
    yield campaign.flight.start is None or campaign.flight.start <= now
    yield campaign.flight.end is None or campaign.flight.end > now
    for blocked in request.get("badv", []):
        yield f".{campaign.advertiser.domain}".endswith(f".{blocked.lower()}") is False
    for blocked in request.get("bcat", []):
        yield all(blocked not in (category, category.split("-")[0]) for category in campaign.categories)
    for attribute, rule in campaign.targeting.items():
        seen = _seen(attribute, request, video or {})
        yield not rule.include or bool(seen & set(rule.include))
        yield not seen & set(rule.exclude)
    if video:
        yield video.get("linearity") != 2
        yield any(_creative_plays(c, request, imp, video) for c in campaign.creatives)


def _creative_plays(creative: Any, request: Json, imp: Json, video: Json) -> bool:
    length = creative.duration
    protocols = set(video.get("protocols") or video.get("protocol") or range(1, 17))
    if creative.tag:
        answers = {None: protocols, "2.0": {2}, "3.0": {3}, "4.0": {7}, "4.1": {11}, "4.2": {13}, "4.3": {15}}
        if not protocols & {5, 6, 8, 12, 14, 16} or not protocols & answers[creative.tag.version]:
            return False
    elif not protocols & {2, 3, 7, 11, 13, 15}:
        return False
    if video.get("rqddurs"):
        timed = length in video["rqddurs"]
    else:
        timed = video.get("minduration", 0) <= length <= (video.get("maxduration") or 10**6)
    spoken = not request.get("wlang") or creative.language in (None, *request["wlang"])
    links = [creative.click_through, *(c.click_through for c in creative.companions)]
    links += [creative.icon.click_through] if creative.icon else []
    if imp.get("secure") and any(link and link.startswith("http://") and "127.0.0.1" not in link for link in links):
        return False
    plays = (
        any(mime in video["mimes"] for mime in creative.tag.mimes)
        if creative.tag
        else any(
            file.mime in video["mimes"]
            and (not imp.get("secure") or urlsplit(file.url).scheme == "https" or "127.0.0.1" in file.url)
            and video.get("minbitrate", 0) <= file.bitrate <= (video.get("maxbitrate") or 10**6)
            for file in creative.media
        )
    )
    return timed and length <= (video.get("poddur") or 10**6) and spoken and plays


def _prices(imp: Json, campaign: Campaign, seat: str) -> Iterator[int]:
    pmp = imp.get("pmp", {})
    imp_floor = (imp.get("bidfloor", 0), imp.get("bidfloorcur", "USD"))
    for deal in pmp.get("deals", []):
        if deal.get("wseat") and seat not in deal["wseat"]:
            continue
        if deal.get("wadomain") and campaign.advertiser.domain not in deal["wadomain"]:
            continue
        floor = (deal["bidfloor"], deal.get("bidfloorcur", "USD")) if "bidfloor" in deal else imp_floor
        for terms in campaign.deals:
            if terms.id == deal["id"] and _reaches(terms.cpm_micros, *floor):
                fixed = deal.get("at") == 3 and deal.get("bidfloor")
                yield int(Decimal(str(deal["bidfloor"])) * 1_000_000) if fixed else terms.cpm_micros
    if campaign.cpm_micros is not None and not pmp.get("private_auction") and _reaches(campaign.cpm_micros, *imp_floor):
        yield campaign.cpm_micros


def _reaches(cpm_micros: int, floor: float, currency: str) -> bool:
    return not floor or (currency == "USD" and Decimal(cpm_micros) >= Decimal(str(floor)) * 1_000_000)


def _seen(attribute: str, request: Json, video: Json) -> set[str]:
    place_name = next((name for name in ("site", "app", "dooh") if request.get(name) is not None), None)
    place = request.get(place_name, {}) if place_name else {}
    device = request.get("device", {})
    domain = str(place.get("domain", "")).lower()
    seen: dict[str, list[Any]] = {
        "country": [device.get("geo", {}).get("country")],
        "inventory": [place_name],
        "domain": [domain, *(domain[i + 1 :] for i, letter in enumerate(domain) if letter == ".")],
        "category": [*place.get("cat", []), *place.get("content", {}).get("cat", [])],
        "device_type": [device.get("devicetype")],
        "language": [device.get("language", "")[:2]],
        "placement": [video.get("plcmt")],
    }
    return {str(value).lower() for value in seen[attribute] if value not in (None, "")}
