"""The owner of an advertiser's domain: its registered part, by the public suffix list."""

from functools import cache
from typing import TYPE_CHECKING, Any

from bidder import normal_forms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from publicsuffixlist import PublicSuffixList


def with_owner(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a campaign with `advertiser.owner`, if the file does not state it and the list knows it."""
    advertiser = document.get("advertiser")
    if not isinstance(advertiser, dict) or "owner" in advertiser or not isinstance(advertiser.get("domain"), str):
        return document
    owner = _registered_domain(advertiser["domain"])
    return {**document, "advertiser": {**advertiser, "owner": owner}} if owner else document


def without_owner(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a campaign without `advertiser.owner`, if `with_owner` fills in the same owner.

    A file that people edit has no owner then, which a change of the domain would contradict.
    """
    advertiser: Mapping[str, Any] = document["advertiser"]
    if advertiser.get("owner") != _registered_domain(advertiser["domain"]):
        return document
    return {**document, "advertiser": {name: value for name, value in advertiser.items() if name != "owner"}}


def _registered_domain(domain: str) -> str | None:
    host = normal_forms.domain(domain)
    return host if normal_forms.is_ip_address(host) else _suffixes().privatesuffix(host)


@cache  # measured: without the cache, reading the list took 27 of 28 seconds of an import of 200 campaigns
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # on laptops only

    return PublicSuffixList()
