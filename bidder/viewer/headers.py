"""The viewer's address, user agent and signals in the headers of a request, if the viewer sent the request."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from bidder.openrtb.user_agent import UserAgent
from bidder.stitchers import Stitchers

PLAYER_FRAMES = frozenset({"imasdk.googleapis.com"})
"""Hosts of frames that players put between the page and themselves: as a Referer they say nothing of the page."""

_LONGEST = 2048


class ViewerHeaders(NamedTuple):
    """Each None where no header says it. `page` is an http(s) URL, `country` an alpha-2 code.

    `address` is where the request came from. `opts_out` is Global Privacy Control, `do_not_track` its forerunner.
    """

    user_agent: str | None = None
    hints: UserAgent | None = None
    page: str | None = None
    language: str | None = None
    address: str | None = None
    country: str | None = None
    region: str | None = None
    opts_out: bool = False
    do_not_track: bool = False


NO_HEADERS = ViewerHeaders()


def viewer_headers(
    headers: Mapping[str, str],
    address: str | None,
    stitchers: Callable[[], Stitchers],
    *,
    from_server: bool = False,
) -> ViewerHeaders:
    """What is known of the viewer. Header names are in lower case; `address` is the caller's.

    A stitcher that the operator named forwards the viewer's (VAST 4.3, section 1.2.5): its own headers describe a
    server. From anybody else forwarded headers are not believed. `from_server`: no header describes the viewer.
    """
    if address and _forwards(headers, address) and stitchers().name_at(address):
        return _forwarded(headers)
    if from_server:
        return ViewerHeaders()
    return ViewerHeaders(
        user_agent=_text_or_none(headers.get("user-agent")),
        hints=_hints(headers),
        page=_page(headers.get("referer")) or _page(headers.get("origin")),
        language=_language(headers.get("accept-language")),
        address=address,
        country=_country(headers.get("cloudfront-viewer-country")),
        region=_text_or_none(headers.get("cloudfront-viewer-country-region")),
        opts_out=headers.get("sec-gpc") == "1",
        do_not_track=headers.get("dnt") == "1",
    )


def _forwards(headers: Mapping[str, str], address: str) -> bool:
    """Whether the caller speaks for somebody else. API Gateway adds the caller itself to X-Forwarded-For."""
    return bool(headers.get("x-device-ip") or headers.get("x-device-user-agent")) or _first(headers) not in {
        "",
        address,
    }


def _first(headers: Mapping[str, str]) -> str:
    """The address that a request set out from, as far as those on its way say so."""
    return headers.get("x-forwarded-for", "").partition(",")[0].strip()


def _forwarded(headers: Mapping[str, str]) -> ViewerHeaders:
    return ViewerHeaders(
        user_agent=_text_or_none(headers.get("x-device-user-agent")),
        page=_page(headers.get("x-device-referer")),
        language=_language(headers.get("x-device-accept-language")),
        address=_text_or_none(headers.get("x-device-ip")) or _text_or_none(_first(headers)),
    )


def _hints(headers: Mapping[str, str]) -> UserAgent | None:
    if not headers.get("sec-ch-ua") and not headers.get("sec-ch-ua-platform"):
        return None
    from bidder.viewer.client_hints import client_hints  # only browsers send them, and of those not all

    return client_hints(headers)


def _text_or_none(value: str | None) -> str | None:
    return (value or "").strip()[:_LONGEST] or None


def _page(value: str | None) -> str | None:
    url = _text_or_none(value)
    if url is None or not url.startswith(("http://", "https://")):
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return None if not host or host in PLAYER_FRAMES else url


def _language(value: str | None) -> str | None:
    """The first language of `Accept-Language`, as ISO 639-1 has it: that which the viewer prefers is first."""
    first = (value or "").partition(",")[0].partition(";")[0].strip()
    word = first.partition("-")[0].lower()
    return word if word.isascii() and word.isalpha() and len(word) <= 3 else None


def _country(value: str | None) -> str | None:
    code = (value or "").strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None
