"""The viewer's address, user agent and privacy signals, read from the HTTP headers of a request."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from bidder.openrtb.user_agent import UserAgent
from bidder.stitchers import Stitchers

PLAYER_FRAMES = frozenset({"imasdk.googleapis.com"})
"""Hosts of the frames in which players run. A Referer with such a host does not identify the page."""

_LONGEST = 2048


class ViewerHeaders(NamedTuple):
    """The facts about the viewer that the headers state; a fact without a header is None.

    `page` is an http(s) URL, `country` an ISO 3166-1 alpha-2 code, `address` the viewer's IP address. `opts_out` is
    Global Privacy Control (`Sec-GPC`), `do_not_track` the older `DNT`.
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
    """The facts about the viewer. Header names are in lower case; `address` is the caller's IP address.

    A stitcher of the parameter `stitchers` forwards the viewer's headers (VAST 4.3, section 1.2.5), so only those are
    read. Forwarded headers of any other caller are ignored. With `from_server`, the caller is a server and its own
    headers are ignored too.
    """
    if address and _forwards(headers, address) and stitchers().name_at(address):
        return _read_forwarded(headers)
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
    """Whether the caller forwards another viewer's headers. API Gateway adds the caller itself to X-Forwarded-For."""
    return bool(headers.get("x-device-ip") or headers.get("x-device-user-agent")) or _first(headers) not in {
        "",
        address,
    }


def _first(headers: Mapping[str, str]) -> str:
    """The first address of X-Forwarded-For, which is the viewer's if all proxies are honest; "" without the header."""
    return headers.get("x-forwarded-for", "").partition(",")[0].strip()


def _read_forwarded(headers: Mapping[str, str]) -> ViewerHeaders:
    return ViewerHeaders(
        user_agent=_text_or_none(headers.get("x-device-user-agent")),
        page=_page(headers.get("x-device-referer")),
        language=_language(headers.get("x-device-accept-language")),
        address=_text_or_none(headers.get("x-device-ip")) or _text_or_none(_first(headers)),
    )


def _hints(headers: Mapping[str, str]) -> UserAgent | None:
    if not headers.get("sec-ch-ua") and not headers.get("sec-ch-ua-platform"):
        return None
    from bidder.viewer.client_hints import client_hints  # imported here: only some browsers send client hints

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
    """The code of the first language of `Accept-Language`, which is the preferred one, without its region; or None."""
    first = (value or "").partition(",")[0].partition(";")[0].strip()
    word = first.partition("-")[0].lower()
    return word if word.isascii() and word.isalpha() and len(word) <= 3 else None


def _country(value: str | None) -> str | None:
    code = (value or "").strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None
