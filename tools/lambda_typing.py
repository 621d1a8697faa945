"""The package's stand-in for the module `typing`: names for the places of types, without a meaning.

`tools/slim.py` copies this file into the package, where our modules import from it (`tools/typing_imports.py`). Only
the sources need types. The import of `typing` and the construction of types take a twentieth of the imports of a cold
start.
"""

from collections.abc import Callable


class AnyType:
    """A type, or the base of a class, with parameters or without."""

    __slots__ = ()

    def __class_getitem__(cls, _parameters: object) -> type["AnyType"]:
        return cls

    def __init_subclass__(cls, **_options: object) -> None:
        pass


Any = BinaryIO = Final = Generic = NotRequired = Protocol = Self = TypeGuard = AnyType

TYPE_CHECKING = False


class Annotated:
    """A type with metadata, which is left out."""

    def __class_getitem__(cls, parameters: tuple[object, ...]) -> object:
        return parameters[0]


class Literal:
    """A type of these values, which `get_args` returns."""

    def __init__(self, values: tuple[object, ...]) -> None:
        self.__args__ = values

    def __class_getitem__(cls, values: object) -> "Literal":
        return cls(values if isinstance(values, tuple) else (values,))

    def __or__(self, _other: object) -> "Literal":
        return self

    __ror__ = __or__


class TypedDict(AnyType):
    """The base of a dict whose keys have types. Its classes make dicts."""

    def __new__(cls, *values: Any, **more: Any) -> Any:  # type: ignore[misc, valid-type]  # it makes no instances
        """A dict of these values."""
        return dict(*values, **more)


def TypeVar(_name: str, **_options: object) -> type[AnyType]:  # noqa: N802  typing's name
    """A type parameter."""
    return AnyType


def get_args(literal: Literal) -> tuple[object, ...]:
    """The values of a `Literal`."""
    return literal.__args__


def overload(function: Callable[..., object]) -> Callable[..., object]:
    """The function itself: the last definition of a name stays."""
    return function
