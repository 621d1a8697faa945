"""Converts User-Agent Client Hints to the UserAgent object (OpenRTB 2.6, section 3.2.29)."""

import re
from collections.abc import Mapping

from bidder.openrtb.brand_version import BrandVersion
from bidder.openrtb.user_agent import UserAgent

_BRANDS = ("sec-ch-ua-full-version-list", "sec-ch-ua")
_PLATFORM = "sec-ch-ua-platform"
_BRAND = re.compile(r'"((?:[^"\\]|\\.)*)"\s*;\s*v="([^"]*)"')
_MOST_BRANDS = 20
LOW_ENTROPY, HIGH_ENTROPY = 1, 2
"""Values of `UserAgent.source` (AdCOM 1.0, List: User-Agent Source)."""


def client_hints(headers: Mapping[str, str]) -> UserAgent | None:
    """The UserAgent object of the `Sec-CH-UA` headers, or None without them. Header names are in lower case."""
    listed = next((headers[name] for name in _BRANDS if headers.get(name)), "")
    platform = _unquote(headers.get(_PLATFORM))
    if not listed and not platform:
        return None
    version = _unquote(headers.get("sec-ch-ua-platform-version"))
    model = _unquote(headers.get("sec-ch-ua-model"))
    browsers = [_brand(name, version) for name, version in _BRAND.findall(listed)[:_MOST_BRANDS]]
    return UserAgent.model_construct(
        browsers=tuple(browsers),
        platform=_brand(platform, version or "") if platform else None,
        mobile={"?1": 1, "?0": 0}.get(headers.get("sec-ch-ua-mobile", "")),
        architecture=_unquote(headers.get("sec-ch-ua-arch")),
        bitness=_unquote(headers.get("sec-ch-ua-bitness")),
        model=model,
        source=HIGH_ENTROPY if version or model or headers.get(_BRANDS[0]) else LOW_ENTROPY,
    )


def _brand(name: str, version: str) -> BrandVersion:
    return BrandVersion.model_construct(brand=name, version=tuple(version.split(".")) if version else ())


def _unquote(value: str | None) -> str | None:
    return (value or "").strip().strip('"') or None
