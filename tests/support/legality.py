"""A judge of bids, written from OpenRTB 2.6 and AdCOM: the faults of a bid on the impression that it is for.

The judge reads requests as exchanges send them: with numbers in texts, with one text in place of a list, with nulls.
"""

import re
from collections.abc import Iterator
from decimal import ROUND_UP, Decimal
from typing import Any

from lxml import etree

Json = dict[str, Any]

PROTOCOLS = {
    2: ("2.0", "InLine"),
    3: ("3.0", "InLine"),
    7: ("4.0", "InLine"),
    11: ("4.1", "InLine"),
    13: ("4.2", "InLine"),
    5: ("2.0", "Wrapper"),
    6: ("3.0", "Wrapper"),
    8: ("4.0", "Wrapper"),
    12: ("4.1", "Wrapper"),
    14: ("4.2", "Wrapper"),
    15: ("4.3", "InLine"),
    16: ("4.3", "Wrapper"),
}
"""The VAST version and the kind of ad by protocol (AdCOM List: Creative Subtypes - Audio/Video)."""

SKIPPABLE, FIXED_PRICE = 16, 3
QUARTILES = {"start", "firstQuartile", "midpoint", "thirdQuartile", "complete"}
MICRO = Decimal("0.000001")


def faults(request: Json, bid: Json, currency: str) -> list[str]:
    """The faults of a bid in an answer of this currency; an empty list if the bid is legal."""
    imp = next((imp for imp in request["imp"] if isinstance(imp, dict) and str(imp.get("id")) == bid["impid"]), None)
    if imp is None:
        return [f"no impression {bid['impid']}"]
    vast = etree.fromstring(bid["adm"])
    for element in vast.iter("{*}*"):
        element.tag = etree.QName(element).localname
    checks = (_of_request(request, bid, currency), _of_player(imp, bid, vast), _of_markup(imp, bid, vast))
    return [fault for check in (*checks, _of_price(imp, bid, currency)) for fault in check]


def _of_request(request: Json, bid: Json, currency: str) -> Iterator[str]:
    accepted = [code.upper() for code in texts(request.get("cur"))]
    if accepted and currency not in accepted:
        yield f"currency {currency}"
    blocked = set(texts(request.get("bcat")))
    if any(category in blocked or category.partition("-")[0] in blocked for category in bid.get("cat", ())):
        yield f"blocked category: {bid['cat']}"
    advertisers = [domain.lower() for domain in texts(request.get("badv")) if "." in domain]
    if any(f".{bid['adomain'][0]}".endswith(f".{domain}") for domain in advertisers):
        yield f"blocked advertiser: {bid['adomain']}"


def _of_player(imp: Json, bid: Json, vast: etree._Element) -> Iterator[str]:
    video = imp["video"]
    protocols = numbers(video.get("protocols") or video.get("protocol"))
    if protocols and bid["protocol"] not in protocols:
        yield f"protocol {bid['protocol']}"
    kind = "Wrapper" if vast.find(".//Wrapper") is not None else "InLine"
    if PROTOCOLS[bid["protocol"]] != (vast.get("version"), kind):
        yield f"protocol {bid['protocol']} for {kind} of VAST {vast.get('version')}"
    if not _accepts_length(video, bid["dur"]):
        yield f"length {bid['dur']}"
    if set(bid.get("attr", ())) & set(numbers(video.get("battr"))):
        yield f"blocked attribute: {bid['attr']}"
    if number(video.get("skip")) == 0 and SKIPPABLE in bid.get("attr", ()):
        yield "skippable"
    if not set(bid.get("apis", ())) <= set(numbers(video.get("api"))):
        yield f"api {bid['apis']}"
    if number((imp.get("qty") or {}).get("multiplier")) not in {None, 1}:
        yield "several billable events"


def _accepts_length(video: Json, seconds: int) -> bool:
    exact = numbers(video.get("rqddurs"))
    poddur, longest, more = (number(video.get(name)) or 0 for name in ("poddur", "maxduration", "maxextended"))
    if poddur > 0 and seconds > poddur:
        return False
    if exact:
        return seconds in exact
    is_short_enough = longest == 0 or more == -1 or seconds <= longest + more
    return seconds >= (number(video.get("minduration")) or 0) and is_short_enough


def _of_markup(imp: Json, bid: Json, vast: etree._Element) -> Iterator[str]:
    linear, files = vast.find(".//Linear"), vast.findall(".//MediaFile")
    if not files and PROTOCOLS[bid["protocol"]][1] == "InLine":
        yield "no media file"
    for file in files:
        yield from _of_file(imp, file)
    if files and (bid["w"], bid["h"]) != (int(files[0].get("width")), int(files[0].get("height"))):
        yield f"size {bid['w']}x{bid['h']}"
    if linear.get("skipoffset") and SKIPPABLE not in bid.get("attr", ()):
        yield "skippable without the attribute"
    if not {event.get("event") for event in linear.findall(".//Tracking")} >= QUARTILES:
        yield "no tracking of quartiles"
    if "${AUCTION_PRICE}" not in vast.findtext(".//Impression"):
        yield "no price in the impression"
    for companion in vast.iterfind(".//Companion"):
        size = (int(companion.get("width")), int(companion.get("height")))
        if not any(_is_companion_slot(slot, size) for slot in imp["video"].get("companionad") or ()):
            yield f"companion of {size[0]}x{size[1]}"


def _of_file(imp: Json, file: etree._Element) -> Iterator[str]:
    video, bitrate = imp["video"], int(file.get("bitrate"))
    mimes = {mime.partition(";")[0].strip().lower() for mime in texts(video["mimes"])}
    least, maximum = number(video.get("minbitrate")) or 0, number(video.get("maxbitrate"))
    if file.get("type") not in mimes or bitrate < least or (maximum and bitrate > maximum):
        yield f"media file of type {file.get('type')} at {bitrate} kbit/s"
    if number(imp.get("secure")) and not file.text.startswith(("https://", "http://127.0.0.1")):
        yield f"insecure media file {file.text}"


def _is_companion_slot(slot: Json, size: tuple[int, int]) -> bool:
    sizes = [(slot.get("w"), slot.get("h"))] if slot.get("w") or slot.get("h") else []
    sizes += [(number(entry.get("w")), number(entry.get("h"))) for entry in slot.get("format") or ()]
    return not sizes or size in sizes


def _of_price(imp: Json, bid: Json, currency: str) -> Iterator[str]:
    pmp = imp.get("pmp") or {}
    offered = [deal for deal in pmp.get("deals") or () if str(deal.get("id")) == bid.get("dealid")]
    if "dealid" in bid and not offered:
        yield f"no deal {bid['dealid']}"
    if number(pmp.get("private_auction")) and "dealid" not in bid:
        yield "an open bid in a private auction"
    # entries with one id are alternatives: the bid must be legal by one of them
    alternatives = [list(_of_floors(imp, deal, bid, currency)) for deal in offered or [None]]
    yield from min(alternatives, key=len)


def _of_floors(imp: Json, deal: Json | None, bid: Json, currency: str) -> Iterator[str]:
    video = imp["video"]
    holder, plain = (deal, deal) if deal else (video, imp)
    price, floor = Decimal(str(bid["price"])), _floor(holder, plain, bid["dur"])
    is_fixed = bool(deal and floor) and number(holder.get("at")) == FIXED_PRICE
    if floor is None and not number(holder.get("mincpmpersec")):  # a deal without floors has those of the player
        holder, plain, floor = video, imp, _floor(video, imp, bid["dur"])
    by_seconds = Decimal(str(number(holder.get("mincpmpersec")) or 0)) * bid["dur"]
    if str(plain.get("bidfloorcur") or "USD").upper() != currency:
        return  # the exchange converts the floor at its own rate
    if price < max(floor or 0, by_seconds):
        yield f"{price} below the floor {floor} or {by_seconds}"
    if is_fixed and price != (floor or price).quantize(MICRO, ROUND_UP):
        yield f"{price} for the fixed price {floor}"


def _floor(by_length: Json, plain: Json, seconds: int) -> Decimal | None:
    """The floor for this length: of `durfloors`, else `bidfloor`."""
    ranges = [each for each in by_length.get("durfloors") or () if each and number(each.get("bidfloor")) is not None]
    amounts = [
        number(each["bidfloor"])
        for each in ranges
        if (number(each.get("mindur")) or 0) <= seconds <= (number(each.get("maxdur")) or seconds)
    ]
    amount = max((each for each in amounts if each is not None), default=number(plain.get("bidfloor")))
    return None if amount is None else Decimal(str(amount))


def number(value: object) -> float | None:
    """The number that a value is or spells, or None."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def numbers(value: object) -> list[float]:
    """The numbers of a list, of a single number, or of a text."""
    values = value if isinstance(value, list) else re.findall(r"\d+", str(value))
    return [amount for each in values if (amount := number(each)) is not None]


def texts(value: object) -> list[str]:
    """The texts of a list, or of a text with commas."""
    values = value if isinstance(value, list) else [value]
    return [part.strip() for each in values if isinstance(each, str) for part in each.split(",") if part.strip()]
