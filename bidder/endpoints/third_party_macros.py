"""Fills in the macros in third-party URLs for which the request has values. The player fills in all other macros.

The names are those of VAST 4.3, section 6, and older names that ad servers still use, in all usual kinds of brackets.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote

from bidder.auction.match import Slot
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.content import Content
from bidder.vast.template import Template, mark

_MACRO = re.compile(
    r"\[(\w+)\]|%%(\w+?)%%|\$\{(\w+)\}|\{\{(\w+)\}\}|(?<![${])\{(\w+)\}|__([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)__",
    re.ASCII,
)


class MacroFacts(NamedTuple):
    """The data that fill in the macros of one ad. `request` has only data that may be used, or is None."""

    bid_id: str
    now: datetime
    slot: Slot
    request: BidRequest | None = None


class Macro(NamedTuple):
    """A macro in markup: the name of its mark in the template, its normal name, and its original text."""

    mark: str
    name: str
    original: str

    def value(self, facts: MacroFacts) -> str:
        """The value of the macro, escaped for URLs; the original text if there is no value."""
        value = _value(self.name, facts)
        return self.original if value is None else quote(value, safe="", errors="replace")


def mark_macros(text: str, macros: list[Macro]) -> str:
    """The text with a mark in place of each known macro. Each such macro is appended to `macros`."""
    if "]]>" in text:  # a macro's bracket may be part of `]]>`, which is escaped as a whole
        return text

    def _mark(match: re.Match[str]) -> str:
        original = match[0]
        name = next(group for group in match.groups() if group)
        normal_name = _normalize_macro(name)
        if normal_name is None:
            return original
        macro = Macro(f"m{len(macros)}", normal_name, original)
        macros.append(macro)
        return mark(macro.mark)

    return _MACRO.sub(_mark, text)


def fill_macros(text: str, facts: MacroFacts) -> str:
    """The text with the value of each macro for which the request has a value."""
    macros: list[Macro] = []
    template = Template(mark_macros(text, macros))
    return template.fill({macro.mark: macro.value(facts) for macro in macros})


def _normalize_macro(original: str) -> str | None:
    """The normal name of a macro, or None if it is unknown.

    `TIMESTAMP` is an ISO 8601 time (VAST 4.3); in lower case, ad servers use it as a cache buster, so it is a number.
    """
    if original.lower() == "timestamp" and original != "TIMESTAMP":
        return "UNIXTIME"
    name = original.upper().replace("_", "")
    if name.startswith(("GDPRCONSENT", "GPPSTRING")):  # a vendor id may follow
        name = name.rstrip("0123456789")
    name = _OLDER_NAMES.get(name, name)
    return name if name in _GENERAL_MACROS or name in _REQUEST_MACROS else None


def _value(name: str, facts: MacroFacts) -> str | None:
    if name in _GENERAL_MACROS:
        return _GENERAL_MACROS[name](facts)
    if facts.request is None:
        return None
    value = _REQUEST_MACROS[name](facts.request, facts.slot)
    return None if value is None or value == "" else str(value)


def _cache_buster(facts: MacroFacts) -> str:
    """Eight digits that depend on the bid id alone."""
    digest = blake2b(facts.bid_id.encode(), digest_size=8).digest()
    return f"{int.from_bytes(digest) % 100_000_000:08d}"


def _join(values: Iterable[object]) -> str:
    return ",".join(map(str, values))


def _content(request: BidRequest) -> Content:
    inventory = request.site or request.app
    return (inventory and inventory.content) or Content.model_construct()


def _domain(request: BidRequest, _: Slot) -> object:
    if request.app:
        return request.app.domain
    site = request.site
    if site is None:
        return None
    return site.domain or (site.page or "").partition("//")[2].partition("/")[0].partition("?")[0]


def _break_position(_: BidRequest, slot: Slot) -> object:
    delay = slot.video.startdelay
    return None if delay is None else {0: 1, -2: 3}.get(delay, 2)


def _latlong(request: BidRequest, _: Slot) -> object:
    geo = request.location
    return f"{geo.lat},{geo.lon}" if geo and geo.lat is not None and geo.lon is not None else None


def _player_size(_: BidRequest, slot: Slot) -> object:
    return f"{slot.video.w},{slot.video.h}" if slot.video.w and slot.video.h else None


def _regulations(request: BidRequest, _: Slot) -> object:
    regs = request.regs
    return _join(name for name in ("coppa", "gdpr") if regs and getattr(regs, name))


_Reader = Callable[[BidRequest, Slot], object]


def _device_field(field: str) -> _Reader:
    return lambda request, _: getattr(request.device, field, None)


def _regs_field(field: str) -> _Reader:
    return lambda request, _: getattr(request.regs, field, None)


_GENERAL_MACROS: dict[str, Callable[[MacroFacts], str]] = {
    "CACHEBUSTING": _cache_buster,
    "TIMESTAMP": lambda facts: facts.now.isoformat(timespec="milliseconds"),
    "UNIXTIME": lambda facts: str(int(facts.now.timestamp() * 1000)),
}
_REQUEST_MACROS: dict[str, _Reader] = {
    "PAGEURL": lambda request, _: request.site and request.site.page,
    "REF": lambda request, _: request.site and request.site.ref,
    "DOMAIN": _domain,
    "APPBUNDLE": lambda request, _: request.app and request.app.bundle,
    "APPNAME": lambda request, _: request.app and request.app.name,
    "STOREURL": lambda request, _: request.app and request.app.storeurl,
    "IFA": _device_field("ifa"),
    "LIMITADTRACKING": _device_field("lmt"),
    "DEVICEUA": _device_field("ua"),
    "DEVICEIP": lambda request, _: request.device and (request.device.ip or request.device.ipv6),
    "LATLONG": _latlong,
    "GDPR": _regs_field("gdpr"),
    "GDPRCONSENT": lambda request, _: request.user and request.user.consent,
    "USPRIVACY": _regs_field("us_privacy"),
    "GPPSTRING": _regs_field("gpp"),
    "GPPSECTIONID": lambda request, _: request.regs and _join(request.regs.gpp_sid),
    "COPPA": _regs_field("coppa"),
    "REGULATIONS": _regulations,
    "PLAYERSIZE": _player_size,
    "WIDTH": lambda _, slot: slot.video.w,
    "HEIGHT": lambda _, slot: slot.video.h,
    "TRANSACTIONID": lambda request, _: (request.source and request.source.tid) or request.id,
    "PLACEMENTTYPE": lambda _, slot: slot.video.placement or slot.video.plcmt,
    "BREAKPOSITION": _break_position,
    "BREAKMAXDURATION": lambda _, slot: slot.video.poddur,
    "BREAKMAXADS": lambda _, slot: slot.video.maxseq,
    "BREAKMINADLENGTH": lambda _, slot: slot.video.minduration,
    "BREAKMAXADLENGTH": lambda _, slot: slot.video.maxduration,
    "MEDIAMIME": lambda _, slot: _join(slot.video.mimes),
    "VASTVERSIONS": lambda _, slot: _join(slot.video.accepted_protocols()),
    "APIFRAMEWORKS": lambda _, slot: _join(slot.video.api),
    "SERVERSIDE": lambda _, slot: slot.imp.ssai,
    "CONTENTID": lambda request, _: _content(request).id,
    "CONTENTURI": lambda request, _: _content(request).url,
}
_OLDER_NAMES = {
    **dict.fromkeys(("CACHEBUSTER", "CACHEBUST", "CB", "RANDOM", "RANDOMNUMBER", "RND", "CORRELATOR"), "CACHEBUSTING"),
    **dict.fromkeys(("PAGE", "URL", "SITEURL", "PAGEURI"), "PAGEURL"),
    **dict.fromkeys(("REFERRER", "REFERRERURL", "REFERER"), "REF"),
    **dict.fromkeys(("SITEDOMAIN", "PAGEDOMAIN"), "DOMAIN"),
    **dict.fromkeys(("BUNDLE", "BUNDLEID", "APPID"), "APPBUNDLE"),
    **dict.fromkeys(("APPSTOREURL",), "STOREURL"),
    **dict.fromkeys(("DEVICEID", "ADVERTISINGID", "IDFA", "GAID", "AAID", "DID"), "IFA"),
    **dict.fromkeys(("LMT", "LIMITTRACKING", "ISLAT"), "LIMITADTRACKING"),
    **dict.fromkeys(("UA", "USERAGENT"), "DEVICEUA"),
    **dict.fromkeys(("IP", "IPADDRESS", "USERIP"), "DEVICEIP"),
    **dict.fromkeys(("CONSENT", "TCSTRING"), "GDPRCONSENT"),
    **dict.fromkeys(("CCPA", "USP"), "USPRIVACY"),
    **dict.fromkeys(("GPP",), "GPPSTRING"),
    **dict.fromkeys(("GPPSID",), "GPPSECTIONID"),
    **dict.fromkeys(("W", "PLAYERWIDTH"), "WIDTH"),
    **dict.fromkeys(("H", "PLAYERHEIGHT"), "HEIGHT"),
    **dict.fromkeys(("AUCTIONID", "TID"), "TRANSACTIONID"),
}
