"""The viewer's address, user agent, client hints and privacy signals, read from the HTTP headers of a request."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import ValidationError

from bidder.openrtb.user_agent import UserAgent

PLAYER_FRAMES = frozenset({"imasdk.googleapis.com"})
"""Hosts of the frames in which players run. A Referer with such a host does not identify the page."""

_MAX_CHARACTERS = 2048

_BRANDS = ("sec-ch-ua-full-version-list", "sec-ch-ua")
_PLATFORM = "sec-ch-ua-platform"
_BRAND = r'"((?:[^"\\]|\\.)*)"\s*;\s*v="([^"]*)"'
_MAX_BRANDS = 20
_LOW_ENTROPY, _HIGH_ENTROPY = 1, 2
"""Values of `UserAgent.source` (AdCOM 1.0, List: User-Agent Source)."""


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
    is_stitcher: Callable[[str], bool],
    *,
    from_server: bool = False,
) -> ViewerHeaders:
    """The facts about the viewer. Header names are in lower case; `address` is the caller's IP address.

    A stitcher forwards the viewer's headers (VAST 4.3, section 1.2.5), so only the forwarded headers are read.
    `is_stitcher` says whether a stitcher has an address. Forwarded headers of any other caller are ignored. With
    `from_server`, the caller is a server and its own headers are ignored too.
    """
    if address and _is_forwarding(headers, address) and is_stitcher(address):
        return _read_forwarded(headers)
    if from_server:
        return ViewerHeaders()
    return ViewerHeaders(
        user_agent=_text_or_none(headers.get("user-agent")),
        hints=client_hints(headers),
        page=_page(headers.get("referer")) or _page(headers.get("origin")),
        language=_language(headers.get("accept-language")),
        address=address,
        country=_country(headers.get("cloudfront-viewer-country")),
        region=_text_or_none(headers.get("cloudfront-viewer-country-region")),
        opts_out=headers.get("sec-gpc") == "1",
        do_not_track=headers.get("dnt") == "1",
    )


def _is_forwarding(headers: Mapping[str, str], address: str) -> bool:
    """Whether the caller forwards another viewer's headers. API Gateway adds the caller itself to X-Forwarded-For."""
    has_device = bool(headers.get("x-device-ip") or headers.get("x-device-user-agent"))
    return has_device or _first_forwarded_address(headers) not in {"", address}


def _first_forwarded_address(headers: Mapping[str, str]) -> str:
    """The first address of X-Forwarded-For, which is the viewer's if all proxies are honest; "" without the header."""
    return headers.get("x-forwarded-for", "").partition(",")[0].strip()


def _read_forwarded(headers: Mapping[str, str]) -> ViewerHeaders:
    return ViewerHeaders(
        user_agent=_text_or_none(headers.get("x-device-user-agent")),
        page=_page(headers.get("x-device-referer")),
        language=_language(headers.get("x-device-accept-language")),
        address=_text_or_none(headers.get("x-device-ip")) or _text_or_none(_first_forwarded_address(headers)),
    )


def client_hints(headers: Mapping[str, str]) -> UserAgent | None:
    """The UserAgent object (OpenRTB 2.6, section 3.2.29) of the `Sec-CH-UA` headers, or None without valid ones."""
    brand_list = next((headers[name] for name in _BRANDS if headers.get(name)), "")
    platform = _unquote(headers.get(_PLATFORM))
    if not brand_list and not platform:
        return None
    version = _unquote(headers.get("sec-ch-ua-platform-version"))
    model = _unquote(headers.get("sec-ch-ua-model"))
    hints = {
        "browsers": [_brand(*brand) for brand in re.findall(_BRAND, brand_list)[:_MAX_BRANDS]],
        "platform": _brand(platform, version or "") if platform else None,
        "mobile": {"?1": 1, "?0": 0}.get(headers.get("sec-ch-ua-mobile", "")),
        "architecture": _unquote(headers.get("sec-ch-ua-arch")),
        "bitness": _unquote(headers.get("sec-ch-ua-bitness")),
        "model": model,
        "source": _HIGH_ENTROPY if version or model or headers.get(_BRANDS[0]) else _LOW_ENTROPY,
    }
    try:
        return UserAgent.model_validate(hints)
    except ValidationError:  # text that is not Unicode
        return None


def _brand(name: str, version: str) -> dict[str, object]:
    """The BrandVersion object, section 3.2.30."""
    return {"brand": name, "version": version.split(".") if version else []}


def _unquote(value: str | None) -> str | None:
    return (value or "").strip().strip('"') or None


def _text_or_none(value: str | None) -> str | None:
    return (value or "").strip()[:_MAX_CHARACTERS] or None


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
    first_language = (value or "").partition(",")[0].partition(";")[0].strip()
    code = first_language.partition("-")[0].lower()
    return code if code.isascii() and code.isalpha() and len(code) <= 3 else None


def _country(value: str | None) -> str | None:
    code = (value or "").strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None
