"""A second opinion on auctions: every campaign tried on every impression, straight from the JSON, with no index.

Written from the standard and from what the campaign model promises, not from `bidder.auction`, and never used by it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative

Json = dict[str, Any]


RATES = {"USD": Decimal(1), "EUR": Decimal("1.1")}


class Bid(NamedTuple):
    """One creative of one campaign, and the most that can be bid with it (CPM, micros)."""

    price: int
    campaign_id: str
    creative: Creative


def best_bids(request: Json, campaigns: Iterable[Campaign], now: datetime, seat: str = "bidder") -> dict[str, Any]:
    """For each impression that gets a bid: its highest CPM in micros, and the ids of the campaigns that bid it."""
    campaigns = list(campaigns)
    found = {}
    for imp in request["imp"]:
        possible = bids(request, imp, campaigns, now, seat)
        if possible:
            highest = max(bid.price for bid in possible)
            found[imp["id"]] = (highest, {bid.campaign_id for bid in possible if bid.price == highest})
    return found


def bids(request: Json, imp: Json, campaigns: Iterable[Campaign], now: datetime, seat: str = "bidder") -> list[Bid]:
    """Everything that could be bid on the impression by itself."""
    return [
        Bid(max(prices), campaign.id, creative)
        for campaign in campaigns
        if campaign.status == "active" and all(_allowed(request, imp, campaign, now, seat))
        for creative in campaign.creatives
        if _creative_plays(creative, request, imp, imp["video"])
        if (prices := list(_prices(imp, campaign, seat, creative.duration)))
    ]


def _allowed(request: Json, imp: Json, campaign: Campaign, now: datetime, seat: str) -> Iterator[bool]:
    video = imp.get("video")
    yield video is not None
    yield not request.get("cur") or bool(set(RATES) & set(request["cur"]))
    yield not request.get("wseat") or seat in request["wseat"]
    yield seat not in request.get("bseat", [])
    yield campaign.flight.start is None or campaign.flight.start <= now
    yield campaign.flight.end is None or campaign.flight.end > now
    for entry in request.get("badv", []):
        for blocked in {entry, entry.removeprefix("www.")} - {"example"}:  # which is a public suffix
            yield not f".{campaign.advertiser.domain}".endswith(f".{blocked}")
    yield campaign.advertiser.bundle not in request.get("bapp", [])
    for blocked in request.get("bcat", []):
        yield all(blocked not in (category, category.split("-")[0]) for category in campaign.categories)
    if request.get("acat"):
        yield bool(campaign.categories)
        yield all({category, category.split("-")[0]} & set(request["acat"]) for category in campaign.categories)
    for attribute, rule in campaign.targeting.items():
        seen = _seen(attribute, request, video or {})
        yield not rule.include or bool(seen & set(rule.include))
        yield not seen & set(rule.exclude)
    if video:
        yield video.get("linearity") != 2
        yield video.get("delivery") not in ([1], [1, 1])


def _creative_plays(creative: Creative, request: Json, imp: Json, video: Json) -> bool:
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
    clean = not set(creative.attributes) & set(video.get("battr", []))
    unskippable = video.get("skip") == 0 or 16 in video.get("battr", [])
    clean = clean and not (unskippable and creative.tag and creative.skip_offset)
    clean = clean and not (video.get("skip") == 0 and 16 in creative.attributes)
    able = not set(creative.apis) - set(video.get("api", []))
    return clean and able and timed and length <= (video.get("poddur") or 10**6) and spoken and plays


def _prices(imp: Json, campaign: Campaign, seat: str, length: float) -> Iterator[int]:
    pmp, video = imp.get("pmp", {}), imp["video"]
    open_floors = [(_by_length(video, length, imp.get("bidfloor", 0)), imp.get("bidfloorcur", "USD"))]
    for deal in pmp.get("deals", []):
        if deal.get("wseat") and seat not in deal["wseat"]:
            continue
        if deal.get("wadomain") and campaign.advertiser.domain not in deal["wadomain"]:
            continue
        currency = deal.get("bidfloorcur", "USD")
        own = _by_length(deal, length, deal.get("bidfloor"))
        floors = open_floors if own is None else [(own, currency)]
        for terms in campaign.deals:
            per_second = (deal.get("mincpmpersec", 0) * length, currency)
            if terms.id == deal["id"] and _reaches(terms.cpm_micros, [*floors, per_second]):
                yield (
                    ceil(Decimal(str(own)) * RATES[currency] * 10**6)
                    if deal.get("at") == 3 and own
                    else terms.cpm_micros
                )
    per_second = (video.get("mincpmpersec", 0) * length, imp.get("bidfloorcur", "USD"))
    open_to_all = campaign.cpm_micros is not None and not pmp.get("private_auction")
    if open_to_all and _reaches(campaign.cpm_micros, [*open_floors, per_second]):
        yield campaign.cpm_micros


def _by_length(holder: Json, length: float, otherwise: float | None) -> float | None:
    ranges = [f for f in holder.get("durfloors", []) if f.get("mindur", 0) <= length <= f.get("maxdur", 10**6)]
    return max((f["bidfloor"] for f in ranges), default=otherwise)


def _reaches(cpm_micros: int, floors: Iterable[tuple[float | None, str]]) -> bool:
    return all(
        not floor or (currency in RATES and Decimal(cpm_micros) >= Decimal(str(floor)) * RATES[currency] * 10**6)
        for floor, currency in floors
    )


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
        "break": [{None: None, 0: "preroll", -2: "postroll"}.get(video.get("startdelay"), "midroll")],
        "playback": video.get("playbackmethod", []),
    }
    return {str(value).lower() for value in seen[attribute] if value not in (None, "")}
