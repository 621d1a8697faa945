"""Makes the relative URLs of a campaign file absolute, and reports URLs without a scheme."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from bidder.campaigns.file_checks import Finding
from bidder.campaigns.file_form import OF_WORDS
from bidder.campaigns.media_address import has_scheme, without_scheme
from bidder.faults import Path

_RELATIVE = frozenset({"url"})
_ABSOLUTE = frozenset({"click_through", "not_executed", "view_tracking", "tag"})


def with_absolute_urls(document: Mapping[str, Any], base: str | None, mistakes: list[Finding]) -> dict[str, Any]:
    """The document with the media URLs of its creatives resolved against `base`, which ends in `/`.

    A URL that begins with a host is added to `mistakes`, since it would resolve to a wrong address.
    """
    creatives = document.get("creatives")
    if not isinstance(creatives, list):
        return dict(document)
    return {
        **document,
        "creatives": [_resolve(each, ("creatives", n), base, mistakes) for n, each in enumerate(creatives)],
    }


def _resolve(value: Any, path: Path, base: str | None, mistakes: list[Finding]) -> Any:
    if isinstance(value, list):
        return [_resolve(item, (*path, number), base, mistakes) for number, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    resolved = {}
    for key, item in value.items():
        if key in OF_WORDS:
            resolved[key] = item
        elif isinstance(item, str) and key in _RELATIVE | _ABSOLUTE:
            resolved[key] = _absolute(item, key, (*path, key), base, mistakes)
        else:
            resolved[key] = _resolve(item, (*path, key), base, mistakes)
    return resolved


def _absolute(url: str, key: str, path: Path, base: str | None, mistakes: list[Finding]) -> str:
    # In a click URL `shop.example` is a host; in a media URL `spot.mp4` is a file name.
    meant = without_scheme(url if key in _RELATIVE else f"{url}/")
    if meant is not None:
        meant = meant if key in _RELATIVE else meant.removesuffix("/")
        mistakes.append(Finding(path, f"{url[:60]!r} has no scheme: write {meant[:80]}"))
        return meant
    return urljoin(base, url) if base and key in _RELATIVE and not has_scheme(url) else url
