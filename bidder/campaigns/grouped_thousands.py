"""Budgets whose decimal point is likely a separator of thousands, as in `1.500` for one thousand five hundred."""

import re
from collections.abc import Iterator, Mapping

from bidder.faults import Path

_GROUPED = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_AMOUNTS = ("total", "daily", "hourly")


def grouped_budgets(document: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """The path of each such budget of a campaign, of its deals, or of an advertiser, with a warning."""
    yield from _of_budget(document.get("budget"), ("budget",))
    deals = document.get("deals")
    for number, deal in enumerate(deals if isinstance(deals, list | tuple) else ()):
        if isinstance(deal, Mapping):
            yield from _of_budget(deal.get("budget"), ("deals", number, "budget"))


def _of_budget(budget: object, path: Path) -> Iterator[tuple[Path, str]]:
    amounts = budget if isinstance(budget, Mapping) else {}
    for name in _AMOUNTS:
        text = amounts.get(name)
        if isinstance(text, str) and _GROUPED.fullmatch(text.strip()):
            whole = text.strip().replace(".", "")
            yield (*path, name), f"{text.strip()!r} has a decimal point: if you mean {whole}, write {whole}"
