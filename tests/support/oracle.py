"""A naive oracle of auctions: tries every campaign on every impression, directly on the JSON, without an index.

The oracle is written from the standard and from the documentation of the campaign model, not from `bidder.auction`, and
the bidder never uses it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.delivery.outcome_counts import OutcomeCounts

Json = dict[str, Any]
AllCounts = Mapping[tuple[str, str], OutcomeCounts]

RATES = {"USD": Decimal(1), "EUR": Decimal("1.1")}


class OracleBid(NamedTuple):
    """A creative of a campaign, and its highest possible bid as a CPM in micros."""

    price: int
    campaign_id: str
    creative: Creative


def best_bids(
    request: Json, campaigns: Iterable[Campaign], now: datetime, seat: str = "bidder", counts: AllCounts | None = None
) -> dict[str, Any]:
    """For each impression with a bid: its highest CPM in micros, and the ids of the campaigns that bid it."""
    campaigns = list(campaigns)
    results = {}
    for imp in request["imp"]:
        possible = bids(request, imp, campaigns, now, seat, counts)
        if possible:
            highest = max(bid.price for bid in possible)
            results[imp["id"]] = (highest, {bid.campaign_id for bid in possible if bid.price == highest})
    return results


def bids(
    request: Json,
    imp: Json,
    campaigns: Iterable[Campaign],
    now: datetime,
    seat: str = "bidder",
    counts: AllCounts | None = None,
) -> list[OracleBid]:
    """All possible bids on the impression, considered alone."""
    results = []
    for campaign in campaigns:
        if campaign.status != "active" or not all(_allowed(request, imp, campaign, now, seat)):
            continue
        playing = [c for c in campaign.creatives if _creative_plays(c, request, imp, campaign, now)]
        openly = _open_bid(request, imp, campaign, playing, counts or {}, now) if playing else None
        for creative in playing:
            prices = list(_prices(imp, campaign, openly, seat, creative.duration))
            if prices:
                results.append(OracleBid(max(prices), campaign.id, creative))
    return results


_GUESSES = {"view": (Fraction(6, 10), 200), "completion": (Fraction(5, 10), 200), "click": (Fraction(1, 1000), 10_000)}


def _open_bid(
    request: Json, imp: Json, campaign: Campaign, playing: Sequence[Creative], counts: AllCounts, now: datetime
) -> int | None:
    worths = {"completion": campaign.cpcv_micros, "click": campaign.cpc_micros, "view": campaign.cpv_micros}
    exact = None if campaign.cpm_micros is None else Fraction(campaign.cpm_micros)
    for outcome, worth in worths.items():
        if worth is not None:
            weights = {"even": [1] * len(playing), "weighted": [c.weight for c in playing]}.get(campaign.rotation)
            rates = [_rate(outcome, campaign, creative, counts) for creative in playing]
            rate = (
                max(rates)
                if weights is None
                else _in_millionths(
                    sum(map(Fraction.__mul__, rates, map(Fraction, weights)), Fraction()) / sum(weights)
                )
            )
            exact = worth * 1000 * rate
    if exact is None:
        return None
    product = Fraction(1)
    for attribute, factors in campaign.multipliers.items():
        product *= max(
            (Fraction(factors[v]) for v in _seen(attribute, request, imp, campaign, now) & set(factors)), default=1
        )
    bid = floor(exact * max(Fraction(1, 10), min(Fraction(10), product)))
    return bid if campaign.max_cpm_micros is None else min(bid, campaign.max_cpm_micros)


def _rate(outcome: str, campaign: Campaign, creative: Creative, counts: AllCounts) -> Fraction:
    """The predicted rate. Each level has the level above as its prior; the account's prior is assumed."""
    rate, weight = _GUESSES[outcome]
    number = {"view": 1, "completion": 2, "click": 3}[outcome]
    of_campaign = [count for (campaign_id, _), count in counts.items() if campaign_id == campaign.id]
    of_creative = [counts[campaign.id, creative.id]] if (campaign.id, creative.id) in counts else []
    for level in (list(counts.values()), of_campaign, of_creative):
        impressions = sum(entry[0] for entry in level)
        outcomes = min(sum(item[number] for item in level), impressions)
        rate = max(_in_millionths((outcomes + weight * rate) / (impressions + weight)), Fraction(1, 10**6))
    return rate


def _in_millionths(rate: Fraction) -> Fraction:
    return Fraction(floor(rate * 10**6), 10**6)


def _allowed(request: Json, imp: Json, campaign: Campaign, now: datetime, seat: str) -> Iterator[bool]:
    video = imp.get("video")
    yield video is not None
    yield not request.get("cur") or bool(set(RATES) & set(request["cur"]))
    yield not request.get("wseat") or seat in request["wseat"]
    yield seat not in request.get("bseat", [])
    yield campaign.flight.start is None or campaign.flight.start <= now
    yield campaign.flight.end is None or campaign.flight.end > now
    for entry in request.get("badv", []):
        for blocked in {entry, entry.removeprefix("www.")} - {"example"}:  # `example` is a public suffix
            yield not f".{campaign.advertiser.domain}".endswith(f".{blocked}")
    yield campaign.advertiser.bundle not in request.get("bapp", [])
    for blocked in request.get("bcat", []):
        yield all(blocked not in (category, category.split("-")[0]) for category in campaign.categories)
    if request.get("acat"):
        yield bool(campaign.categories)
        yield all({category, category.split("-")[0]} & set(request["acat"]) for category in campaign.categories)
    yield _is_met({name: rule.model_dump() for name, rule in campaign.targeting.items()}, request, imp, campaign, now)
    yield campaign.where is None or _is_met(campaign.where.root, request, imp, campaign, now)
    yield imp.get("qty", {}).get("multiplier", 1) == 1
    if video:
        yield video.get("linearity") != 2
        yield video.get("delivery") not in ([1], [1, 1])


def _is_met(node: Json, request: Json, imp: Json, campaign: Campaign, now: datetime) -> bool:
    """Whether a condition holds, evaluated as it is written."""
    if "and" in node:
        return all(_is_met(entry, request, imp, campaign, now) for entry in node["and"])
    if "or" in node:
        return any(_is_met(item, request, imp, campaign, now) for item in node["or"])
    if "not" in node:
        return not _is_met(node["not"], request, imp, campaign, now)
    for attribute, rule in node.items():
        observed = _seen(attribute, request, imp, campaign, now)
        if rule.get("include") and not observed & set(rule["include"]):
            return False
        if observed & set(rule.get("exclude", ())) or not observed >= set(rule.get("all", ())):
            return False
    return True


def _creative_plays(creative: Creative, request: Json, imp: Json, campaign: Campaign, now: datetime) -> bool:
    video = imp["video"]
    if creative.where is not None and not _is_met(creative.where.root, request, imp, campaign, now):
        return False
    if not _is_met({n: rule.model_dump() for n, rule in creative.targeting.items()}, request, imp, campaign, now):
        return False
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
    is_language_accepted = not request.get("wlang") or creative.language in (None, *request["wlang"])
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
    return clean and able and timed and length <= (video.get("poddur") or 10**6) and is_language_accepted and plays


def _prices(imp: Json, campaign: Campaign, openly: int | None, seat: str, length: float) -> Iterator[int]:
    pmp, video = imp.get("pmp", {}), imp["video"]
    open_currency = imp.get("bidfloorcur", "USD")
    open_floors = [
        (_by_length(video, length, imp.get("bidfloor", 0)), open_currency),
        (_times(video.get("mincpmpersec", 0), length), open_currency),
    ]
    for deal in pmp.get("deals", []):
        if deal.get("wseat") and seat not in deal["wseat"]:
            continue
        # A sender may write a domain with `www.` or without; both are the same advertiser.
        allowed = {domain.removeprefix("www.") for domain in deal.get("wadomain") or ()}
        if allowed and campaign.advertiser.domain.removeprefix("www.") not in allowed:
            continue
        currency = deal.get("bidfloorcur", "USD")
        own = _by_length(deal, length, deal.get("bidfloor"))
        floors: list[tuple[float | Decimal | None, str]] = [(own, currency)] if own is not None else []
        if deal.get("mincpmpersec"):
            floors.append((_times(deal["mincpmpersec"], length), currency))
        for terms in campaign.deals:
            if terms.id == deal["id"] and _reaches(terms.cpm_micros, floors or open_floors):
                yield (
                    ceil(Decimal(str(own)) * RATES[currency] * 10**6)
                    if deal.get("at") == 3 and own
                    else terms.cpm_micros
                )
    if openly and not pmp.get("private_auction") and _reaches(openly, open_floors):
        yield openly


def _times(amount: float, length: float) -> Decimal:
    """Decimal multiplication: 0.1 a second for 6 seconds is 0.6."""
    return Decimal(str(amount)) * Decimal(str(length))


def _by_length(holder: Json, length: float, otherwise: float | None) -> float | None:
    ranges = [f for f in holder.get("durfloors", []) if f.get("mindur", 0) <= length <= (f.get("maxdur") or 10**6)]
    return max((f["bidfloor"] for f in ranges), default=otherwise)


def _reaches(cpm_micros: int, floors: Iterable[tuple[float | Decimal | None, str]]) -> bool:
    return all(
        not floor or (currency in RATES and Decimal(cpm_micros) >= Decimal(str(floor)) * RATES[currency] * 10**6)
        for floor, currency in floors
    )


def _seen(attribute: str, request: Json, imp: Json, campaign: Campaign, now: datetime) -> set[str]:
    video = imp.get("video", {})
    place_name = next((name for name in ("site", "app", "dooh") if request.get(name) is not None), None)
    position = request.get(place_name, {}) if place_name else {}
    device = request.get("device", {})
    domain = str(position.get("domain", "")).lower()
    categories = [*position.get("cat", []), *position.get("content", {}).get("cat", [])]
    segments = [(d.get("name"), entry["id"]) for d in request.get("user", {}).get("data", []) for entry in d["segment"]]
    local = now.astimezone(ZoneInfo(campaign.time_zone))
    observed: dict[str, list[Any]] = {
        "country": [device.get("geo", {}).get("country")],
        "inventory": [place_name],
        "domain": [
            domain,
            *(domain[i + 1 :] for i, letter in enumerate(domain) if letter == "." and domain[-1] not in "0123456789]"),
        ],
        "category": [name for category in categories for name in (category, category.split("-")[0])],
        "device_type": [device.get("devicetype")],
        "language": [device.get("language", "")[:2]],
        "placement": [video.get("plcmt")],
        "break": [{None: None, 0: "preroll", -2: "postroll"}.get(video.get("startdelay"), "midroll")],
        "playback": video.get("playbackmethod", []),
        "segment": [name for provider, segment in segments for name in (segment, f"{provider}/{segment}")],
        "tag": [imp.get("tagid", "").strip()],
        "hour": [local.strftime("%a ") + str(local.hour)],
    }
    return {str(value).lower() for value in observed[attribute] if value not in (None, "")}
