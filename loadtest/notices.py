"""The calls of exchange and player after a bid: win, billing and loss notices, and pixels, with macros replaced."""

from random import Random
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

_LOST_TO_HIGHER_BID = "102"  # OpenRTB 3.0, List: Loss Reason Codes
_FILE_NOT_FOUND = "401"  # VAST 4.2 section 2.3.6.3

WON = 0.15
REPORTED_LOSS = 0.1
RENDERED = 0.85
FAILED = 0.02
BILLED_TOO = 0.05
CLICKED = 0.01
WATCHED_ON = (("start", 0.98), ("firstQuartile", 0.88), ("midpoint", 0.92), ("thirdQuartile", 0.94), ("complete", 0.95))
"""For each event, the share of viewers with it among the viewers with the event before."""


def notices(rng: Random, auction_id: str, bid: dict[str, Any]) -> list[tuple[str, str]]:
    """The kind and the URL of each call after this bid, in order. Most bids lose without a call.

    Raises ValueError if the markup is not VAST, or lacks a URL that every bid has.
    """
    ad = _parse(bid["adm"])
    price = round(bid["price"] * rng.uniform(0.6, 1), 6)
    macros = {
        "${AUCTION_ID}": auction_id,
        "${AUCTION_PRICE}": f"{price}",
        "${AUCTION_LOSS}": _LOST_TO_HIGHER_BID,
        "${AUCTION_MIN_TO_WIN}": "",  # as an exchange that does not state the price to win
        "[ERRORCODE]": _FILE_NOT_FOUND,
    }
    return [(kind, _replace_macros(url, macros)) for kind, url in _draw_calls(rng, bid, ad)]


def _draw_calls(rng: Random, bid: dict[str, Any], ad: etree._Element) -> list[tuple[str, str]]:
    if rng.random() >= WON:
        return [("loss", bid["lurl"])] if rng.random() < REPORTED_LOSS else []
    called = [("win", bid["nurl"])]
    if rng.random() >= RENDERED:
        return called
    if rng.random() < FAILED:
        return [*called, ("error", _url(ad, "Error"))]
    called.append(("impression", _url(ad, "Impression")))
    if rng.random() < BILLED_TOO:
        called.append(("bill", bid["burl"]))
    for event, share in WATCHED_ON:
        if rng.random() >= share:
            if ad.find(".//{*}Linear[@skipoffset]") is not None and event != "start":
                called.append(("skip", _tracking(ad, "skip")))
            break
        called.append((event, _tracking(ad, event)))
    if rng.random() < CLICKED:
        called.append(("click", _url(ad, "ClickTracking")))
    return called


def is_loopback(url: str) -> bool:
    """Whether the host of a URL is this machine. A load test calls no other machine."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and parts.hostname in {"127.0.0.1", "localhost", "::1"}


def _parse(adm: str) -> etree._Element:
    try:
        return etree.fromstring(adm.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        msg = f"adm is not XML: {str(error).partition(', line')[0]}"  # without the position, so that faults are summed
        raise ValueError(msg) from None


def _tracking(ad: etree._Element, event: str) -> str:
    return _url(ad, f"Tracking[@event='{event}']")


def _url(ad: etree._Element, element: str) -> str:
    """The text of the first such element. Before VAST 4.0, elements have no namespace."""
    url: str | None = ad.findtext(f".//{{*}}{element}")
    if not url:
        msg = f"adm has no URL at {element}"
        raise ValueError(msg)
    return url


def _replace_macros(url: str, macros: dict[str, str]) -> str:
    for macro, value in macros.items():
        url = url.replace(macro, value)
    return url
