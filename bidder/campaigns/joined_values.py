"""Values of a campaign's document that hold several values, such as `US;CA` in a cell of a table."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from bidder.campaigns.named_words import named_words
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.faults import Path

_SEPARATOR = re.compile(r"[;,|\n]")
_SEPARATORS = {
    "near": re.compile(r"[;|\n]|(?<=km),"),
    "model": re.compile(r"[;|\n]|, "),
    "mimes": re.compile(r"[,|\n]|;(?=\s*video/)"),
}
"""The separators of lists whose single values have commas or semicolons: `48.85,2.35 25km`, `iPhone14,2`."""
_AS_SENT = frozenset(
    {
        "metro",
        "city",
        "os",
        "make",
        "model",
        "browser",
        "carrier",
        "publisher",
        "keyword",
        "genre",
        "rating",
        "series",
        "tag",
        "deal",
        "segment",
    }
)
_WHOLE = (ATTRIBUTES - _AS_SENT) | {"categories", "attributes", "apis", "mimes"}
"""The lists whose single values have no separator. The values of other lists are texts that senders choose."""

ListForm = Callable[[Sequence[str]], str]
"""The spelling of a list of values in the file: `US|CA` in CSV, `[US, CA]` in YAML."""

Joined = tuple[Path, str, bool]
"""The path of a value, the message, and whether it is only a warning."""


def joined_values(document: Mapping[str, object], list_form: ListForm) -> Iterator[Joined]:
    """Every value with a separator in it. A warning if senders may send such a value, else a mistake."""
    for path, attribute, word in named_words(document):
        yield from _joined(path, attribute, word, list_form)
    for path, name, items in _lists(document):
        for number, item in enumerate(items):
            yield from _joined((*path, name, number), name, item, list_form)


def _lists(document: Mapping[str, object]) -> Iterator[tuple[Path, str, Sequence[object]]]:
    """The lists of values that are no targeting: the path of the owner, the name of the list, and its items."""
    owners: list[tuple[Path, object]] = [((), document)]
    creatives = document.get("creatives")
    for number, creative in enumerate(creatives if isinstance(creatives, list | tuple) else ()):
        owners.append((("creatives", number), creative))
        if isinstance(creative, Mapping):
            owners.append((("creatives", number, "tag"), creative.get("tag")))
    for path, owner in owners:
        for name in ("categories", "competes_in", "attributes", "apis", "mimes"):
            items = owner.get(name) if isinstance(owner, Mapping) else None
            if isinstance(items, list | tuple):
                yield path, name, items


def _joined(path: Path, name: str, value: object, list_form: ListForm) -> Iterator[Joined]:
    separator = _SEPARATORS.get(name, _SEPARATOR)
    if not isinstance(value, str) or not separator.search(value):
        return
    values = [part.strip() for part in separator.split(value) if part.strip()]
    if not values:
        return
    right = "each with a factor of its own" if "multipliers" in path else list_form(values)
    if name in _WHOLE:
        yield path, f"{value!r} has a separator in it: write {right}", False
    elif len(values) > 1:
        yield path, f"{value!r} is one value: if you mean {len(values)}, write {right}", True
