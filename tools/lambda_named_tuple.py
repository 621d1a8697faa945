"""The package's base class of named tuples, whose classes Python makes without compiling code.

`tools/slim.py` copies this file into the package, and `tools/named_tuples.py` makes the classes use it. For each class
of `typing.NamedTuple` Python compiles the text of a function, which is a tenth of the imports of a cold start.
"""

from collections import _tuplegetter  # type: ignore[attr-defined]
from collections.abc import Iterable
from typing import Any, Self

field = _tuplegetter
"""The attribute of a field, by the field's number and its documentation, as of `collections.namedtuple`."""

make = tuple.__new__


class _Defaults:
    """The defaults of the fields by name, which are those of the parameters of `__new__`."""

    def __get__(self, instance: object, tuple_class: type["NamedTuple"]) -> dict[str, Any]:
        defaults = tuple_class.__new__.__defaults__ or ()
        return dict(zip(tuple_class._fields[len(tuple_class._fields) - len(defaults) :], defaults, strict=True))


class NamedTuple(tuple[Any, ...]):
    """A named tuple. Its classes state `_fields`, `__new__` and an attribute for each field."""

    __slots__ = ()

    _fields: tuple[str, ...] = ()
    _field_defaults = _Defaults()

    def __class_getitem__(cls, _parameters: object) -> type["NamedTuple"]:  # type: ignore[override]
        return cls

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        """A tuple of these values. Raises TypeError for more or fewer values than fields."""
        instance = make(cls, values)
        if len(instance) != len(cls._fields):
            msg = f"Expected {len(cls._fields)} arguments, got {len(instance)}"
            raise TypeError(msg)
        return instance

    def _replace(self, /, **changes: Any) -> Self:
        """A copy with some fields changed. Raises ValueError for an unknown field."""
        instance = self._make(map(changes.pop, self._fields, self))
        if changes:
            msg = f"Got unexpected field names: {list(changes)!r}"
            raise ValueError(msg)
        return instance

    def _asdict(self) -> dict[str, Any]:
        """The values by field."""
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({values})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)
