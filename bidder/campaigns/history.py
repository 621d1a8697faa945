"""The entries of a campaign's history, one for each change.

An entry holds the campaign after the change, compressed. The campaign before the change is in the previous entry. So an
entry always fits into an item if the campaign does. Entries of older releases hold both, uncompressed, as `before` and
`after`.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bidder.campaigns.versions import version_of

Item = Mapping[str, Mapping[str, Any]]


class Change(NamedTuple):
    """A change of a campaign. `before` and `after` are documents as `Campaign` dumps them.

    `before` is None for a new campaign, `after` is None for a deleted one.
    """

    version: int
    at: str
    author: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def documents(after: str | None, before: str | None = None) -> dict[str, dict[str, bytes]]:
    """The DynamoDB attributes of an entry's documents. `before` is only given if no earlier entry holds it."""
    columns = {"after_zlib": after, "before_zlib": before}
    return {name: {"B": zlib.compress(text.encode())} for name, text in columns.items() if text is not None}


def changes(items: Iterable[Item]) -> Iterator[Change]:
    """The changes of history entries, both with the latest first."""
    later: Item | None = None
    for item in items:
        if later is not None:
            yield _change(later, item)
        later = item
    if later is not None:
        yield _change(later, None)


def _change(item: Item, earlier: Item | None) -> Change:
    before = _document(item, "before")
    if before is None and "before" not in item and earlier is not None:
        before = _document(earlier, "after")
    return Change(version_of(item), item["at"]["S"], item["who"]["S"], before, _document(item, "after"))


def _document(item: Item, name: str) -> dict[str, Any] | None:
    if name in item:
        text = item[name]["S"]
    elif f"{name}_zlib" in item:
        text = zlib.decompress(item[f"{name}_zlib"]["B"]).decode()
    else:
        return None
    document: dict[str, Any] = json.loads(text)
    return document
