"""Filters of campaigns by fields: `status=active`, `advertiser.domain=shop.example`, `id~summer-*`, `cpm>=10`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any

from bidder.campaigns.campaign import Campaign
from bidder.cli.campaign_fields import Field, field_at
from bidder.errors import UserError, shown
from bidder.money import MICROS

_CONDITION = re.compile(r"([A-Za-z_][\w.]*)(!=|>=|<=|=|~|>|<)(.*)", re.DOTALL)
_MICROS = "_micros"
_EQUALITIES = frozenset({"=", "!="})
_MAX_LISTED = 12

Filter = Callable[[Campaign], bool]


class BadFilter(UserError, ValueError):
    """A condition of `--where` is invalid; the message shows the right form."""

    exit_status = 2


def campaign_filter(conditions: Sequence[str]) -> Filter:
    """Whether a campaign meets all of the conditions. Raises BadFilter.

    A field is a path of the campaign file, such as `budget.daily` or `creatives.id`; of a list any item may meet the
    condition, and `!=` asks that none equals. `~` compares with a pattern of `*` and `?`. Case does not matter.
    Without a value, `=` selects campaigns without the field or with none of its parts, and `!=` the others.
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
    operator, operand = read[2], read[3].strip()
    try:
        field = field_at(read[1])
    except ValueError as error:
        msg = f"--where {condition}: {error}"
        raise BadFilter(msg) from None
    if problem := _mismatch(field, operator, operand):
        msg = f"--where {condition}: {problem}"
        raise BadFilter(msg)
    compare = _comparison(condition, operator, field.normal_form(operand) if operator in _EQUALITIES else operand)

    return lambda document: compare(list(_values(document, field.path)))


def _mismatch(field: Field, operator: str, operand: str) -> str | None:
    """The reason why no value of the field can meet the condition, or None."""
    if field.parts and (operand or operator not in _EQUALITIES):
        name = ".".join(field.path)
        return f"{name} has the fields {', '.join(field.parts[:_MAX_LISTED])}: write {name}.{field.parts[0]}"
    if field.allowed and operand and operator in _EQUALITIES and operand.lower() not in map(str.lower, field.allowed):
        return f"{operand} is none of {', '.join(field.allowed)}"
    is_value = _number(operand) is not None or _is_time(operand)
    if field.example and operand and operator in _EQUALITIES and not is_value:
        return f"{shown(operand)} is not a value of {'.'.join(field.path)}, such as {field.example}"
    return None


def _is_time(text: str) -> bool:
    return re.match(r"\d{4}-\d\d", text) is not None


def _comparison(condition: str, operator: str, operand: str) -> Callable[[list[str]], bool]:
    text = operand.lower()
    if operator == "=":
        return lambda values: any(_equal(value, text) for value in values) or (not text and not values)
    if operator == "!=":
        return lambda values: not any(_equal(value, text) for value in values) and (bool(text) or bool(values))
    if operator == "~":
        return lambda values: any(fnmatchcase(value.lower(), text) for value in values)
    bound = _number(operand)
    if bound is None and not _is_time(operand):
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
            return any(compare[operator](value, operand) for value in values)
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
    """The texts at a path of a document: amounts in whole units, and each item of a list.

    A mapping at the path that states a value has the text `…`.
    """
    if isinstance(document, list):
        for item in document:
            yield from _values(item, path)
    elif path and isinstance(document, Mapping):
        if path[0] in document:
            yield from _values(document[path[0]], path[1:])
        elif len(path) == 1 and document.get(path[0] + _MICROS) is not None:
            yield str(Decimal(document[path[0] + _MICROS]) / MICROS)
    elif isinstance(document, Mapping):
        if any(any(_values(value, ())) for value in document.values()):
            yield "…"
    elif not path and document is not None:
        yield str(document).lower() if isinstance(document, bool) else str(document)
