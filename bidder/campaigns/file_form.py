"""Stored documents in the form of a campaign file: amounts in whole units, with the names that people write."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.differences import differences
from bidder.money import MICROS

_MICROS = "_micros"
OF_WORDS = frozenset({"targeting", "where", "multipliers", "categories_above", "categories_below"})
"""The fields whose keys are words of people, such as a tag `a_micros` or a category `url`, not names of fields."""
_DEFAULTS = {
    name: field.default.value if isinstance(field.default, Enum) else field.default
    for name, field in Campaign.model_fields.items()
    if isinstance(field.default, str | int)
}
"""The default of each field with a single value. Stored documents omit it."""


def file_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored document of a campaign, an advertiser or a segment with `cpm: 12.5` for `cpm_micros: 12500000`."""
    written: dict[str, Any] = _written(document)
    return written


def changed_fields(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[str]:
    """A line for each field that differs between two stored documents, such as `budget.daily: 5 -> 7`.

    A field that only one of them omits has its default there. `before` is None for a new document.
    """
    defaults = {} if before is None else _DEFAULTS
    return differences({**defaults, **file_form(before or {})}, {**defaults, **file_form(after)})


def document_text(document: Mapping[str, Any] | None, indent: int | None = None) -> str:
    """A stored document as JSON in the form of a file; `deleted` for None."""
    return "deleted" if document is None else json.dumps(file_form(document), indent=indent, ensure_ascii=False)


def _written(node: Any) -> Any:
    if isinstance(node, list):
        return [_written(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    return dict(_field(key, value) for key, value in node.items())


def _field(key: str, value: Any) -> tuple[str, Any]:
    if key.endswith(_MICROS):
        return key.removesuffix(_MICROS), _amount(value)
    return key, value if key in OF_WORDS else _written(value)


def _amount(micros: int | None) -> int | float | str | None:
    """Micros in whole units: a number, or its text if no float is exact."""
    if micros is None or micros % MICROS == 0:
        return micros and micros // MICROS
    exact = Decimal(micros) / MICROS
    return float(exact) if Decimal(str(float(exact))) == exact else f"{exact:f}"
