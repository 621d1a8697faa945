"""The fields of a campaign by their paths, such as `budget.daily`, with the types of their values."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, RootModel

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.targeting import full_path
from bidder.campaigns.targeting_values import request_values
from bidder.files.mistakes import advised_key

_MICROS = "_micros"
_TARGETING = "targeting"
_TIMES = frozenset({datetime, AwareDatetime})


class Field(NamedTuple):
    """A field of campaigns. `parts` are the names of its own fields, empty for a value.

    `allowed` are the values of a field with a fixed set of values, otherwise empty. `example` is a value of a field
    that only has numbers or times, otherwise None.
    """

    path: tuple[str, ...]
    parts: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    example: str | None = None

    def normal_form(self, value: str) -> str:
        """The value as a campaign stores it: `gbr` for `GB` in a rule on countries."""
        if _TARGETING not in self.path[:-1]:
            return value
        attribute = self.path[self.path.index(_TARGETING) + 1]
        try:
            return next(iter(request_values(attribute, (value,))), value)
        except ValueError:
            return value


def field_at(text: str) -> Field:
    """The field at a path, such as `budget.daily` or `country.include`. Raises ValueError if no campaign has it."""
    path = full_path(text.split("."))
    types: list[Any] = [Campaign]
    for depth, name in enumerate(path):
        parts = [part for kind in types if (part := _parts(kind)) is not None]
        if any(not part for part in parts):  # any name is a part
            return Field(path)
        fields = {key: value for part in parts for key, value in part.items()}
        if name not in fields:
            above = ".".join(path[:depth]) or "a campaign"
            problem = advised_key(name, fields) or "it is a value, without fields"
            msg = f"{name} is not a field of {above}: {problem}"
            raise ValueError(msg)
        types = list(_types(fields[name]))
    parts = [part for kind in types if (part := _parts(kind)) is not None]
    names = tuple(key for part in parts for key in part)
    return Field(path, names, tuple(_list_allowed(types)), _example_of(types))


def _types(annotation: Any) -> Iterator[Any]:
    """The types of a field's values: the members of a union, and the items of a list."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _types(get_args(annotation)[0])
    elif origin in {Union, UnionType, tuple}:
        for member in get_args(annotation):
            yield from _types(member)
    else:
        yield annotation


def _parts(kind: Any) -> dict[str, Any] | None:
    """The fields of a model or a mapping by name, empty if any name is possible. None for a value."""
    if isinstance(kind, type) and issubclass(kind, RootModel):
        return {}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name.removesuffix(_MICROS): field.annotation for name, field in kind.model_fields.items()}
    if get_origin(kind) is dict:
        key, value = get_args(kind)
        return dict.fromkeys(get_args(key), value) if get_origin(key) is Literal else {}
    return None


def _example_of(types: Sequence[Any]) -> str | None:
    """A value of a field whose values are all numbers, or all times; None for other fields."""
    kinds = set(types) - {type(None), ...}
    if kinds and kinds <= {int, float, Decimal}:
        return "12" if kinds == {int} else "1.5"
    return "2026-11-01" if kinds and kinds <= _TIMES else None


def _list_allowed(types: Sequence[Any]) -> Iterator[str]:
    for kind in types:
        if isinstance(kind, type) and issubclass(kind, Enum):
            yield from (str(member.value) for member in kind)
        elif get_origin(kind) is Literal:
            yield from map(str, get_args(kind))
        elif kind is bool:
            yield from ("true", "false")
