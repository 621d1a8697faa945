"""Filters of campaigns by fields: `status=active`, `advertiser.domain=shop.example`, `id~summer-*`, `cpm>=10`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from bidder.campaigns.campaign import Campaign
from bidder.errors import UserError
from bidder.files.mistakes import NO_WORDS, keys_at, nearest
from bidder.money import MICROS

_CONDITION = re.compile(r"([A-Za-z_][\w.]*)(!=|>=|<=|=|~|>|<)(.*)", re.DOTALL)
_MICROS = "_micros"

Filter = Callable[[Campaign], bool]


class BadFilter(UserError, ValueError):
    """A condition of `--where` is invalid; the message shows the right form."""

    exit_status = 2


def campaign_filter(conditions: Sequence[str]) -> Filter:
    """Whether a campaign meets all of the conditions. Raises BadFilter.

    A field is a path of the campaign file, such as `budget.daily` or `creatives.id`; of a list any item may meet the
    condition, and `!=` asks that none equals. `~` compares with a pattern of `*` and `?`. Case does not matter.
    """
    checks = [_check(condition) for condition in conditions]

    def meets(campaign: Campaign) -> bool:
        document = campaign.model_dump(mode="json")
        return all(check(document) for check in checks)

    return meets if checks else lambda _: True


def _check(condition: str) -> Callable[[Mapping[str, Any]], bool]:
    read = _CONDITION.fullmatch(condition.strip())
    if not read:
        msg = f"--where {condition}: write a field, one of = != ~ < > <= >=, and a value, as in status=active"
        raise BadFilter(msg)
    field, operator, wanted = read[1], read[2], read[3].strip()
    path = field.split(".")
    known = keys_at(Campaign, (), NO_WORDS)
    if path[0] not in known:
        meant = nearest(path[0], known)
        msg = (
            f"--where {condition}: {path[0]} is not a field of a campaign{f'; did you mean {meant}?' if meant else ''}"
        )
        raise BadFilter(msg)
    compare = _comparison(condition, operator, wanted)

    return lambda document: compare(list(_values(document, path)))


def _comparison(condition: str, operator: str, wanted: str) -> Callable[[list[str]], bool]:
    text = wanted.lower()
    if operator == "=":
        return lambda values: any(_equal(value, text) for value in values) or (not text and not values)
    if operator == "!=":
        return lambda values: not any(_equal(value, text) for value in values) and (bool(text) or bool(values))
    if operator == "~":
        return lambda values: any(fnmatchcase(value.lower(), text) for value in values)
    bound = _number(wanted)
    if bound is None and not re.match(r"\d{4}-\d\d", wanted):
        msg = f"--where {condition}: {operator} compares with a number, or a time such as 2026-11-01"
        raise BadFilter(msg)
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        ">": lambda a, b: a > b,
        "<=": lambda a, b: a <= b,
        ">=": lambda a, b: a >= b,
    }

    def compared(values: list[str]) -> bool:
        if bound is None:
            return any(compare[operator](value, wanted) for value in values)
        numbers = (number for value in values if (number := _number(value)) is not None)
        return any(compare[operator](number, bound) for number in numbers)

    return compared


def _equal(value: str, text: str) -> bool:
    if value.lower() == text:
        return True
    number = _number(text)
    return number is not None and _number(value) == number


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _values(document: object, path: Sequence[str]) -> Iterator[str]:
    """The texts at a path of a document: amounts in whole units, and each item of a list."""
    if isinstance(document, list):
        for item in document:
            yield from _values(item, path)
    elif path and isinstance(document, Mapping):
        if path[0] in document:
            yield from _values(document[path[0]], path[1:])
        elif len(path) == 1 and document.get(path[0] + _MICROS) is not None:
            yield str(Decimal(document[path[0] + _MICROS]) / MICROS)
    elif not path and document is not None and not isinstance(document, Mapping):
        yield str(document).lower() if isinstance(document, bool) else str(document)
