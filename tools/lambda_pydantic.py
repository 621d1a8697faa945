"""The package's module `pydantic`: its models read prebuilt schemas instead of building schemas.

`tools/slim.py` copies this file into the package. Pydantic builds a schema from each model, and its core, a native
library, validates by that schema. The package has the schemas (`tools/schemas.py`) and the core, so it needs no other
part of pydantic. The import of pydantic and the construction of models took 60 of 110 ms of a cold start.

The module has only the parts of pydantic that the bidder's models use. It differs from pydantic in three points. A
frozen model can be changed. An assignment does not change `model_fields_set`. Field information has the default and no
annotation.
"""

import pickle
from collections.abc import Callable
from os.path import dirname, join
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic_core import PydanticUndefined, SchemaSerializer, SchemaValidator, ValidationError

__all__ = [
    "AfterValidator",
    "AwareDatetime",
    "BaseModel",
    "BeforeValidator",
    "ConfigDict",
    "Field",
    "Json",
    "RootModel",
    "StringConstraints",
    "ValidationError",
    "model_validator",
]

Model = TypeVar("Model", bound="BaseModel")

FOLDER = "schemas"
"""The folder of the schemas, beside this module."""


def file_name(model: type) -> str:
    """The name of a model's schema file."""
    return f"{model.__module__}.{model.__qualname__}.pickle"


class _Built:
    """A class attribute that is built from the model's schema at its first use."""

    def __init__(self, name: str, build: Callable[[Any], object]) -> None:
        self._name = name
        self._build = build

    def __get__(self, instance: object, model: type) -> object:
        path = join(dirname(__file__), FOLDER, file_name(model))  # noqa: PTH118, PTH120  pathlib takes longer
        with open(path, "rb") as file:  # noqa: PTH123  as above
            built = self._build(pickle.load(file))  # noqa: S301  as much ours as the code beside it
        setattr(model, self._name, built)
        return built


class FieldInfo:
    """The default of a field."""

    def __init__(self, default: Any = PydanticUndefined, default_factory: Callable[[], Any] | None = None) -> None:
        self.default = PydanticUndefined if default is ... else default
        self.default_factory = default_factory

    def get_default(self, *, call_default_factory: bool = False) -> Any:
        """The default; PydanticUndefined for a required field."""
        if self.default_factory is None:
            return self.default
        return self.default_factory() if call_default_factory else None


def Field(  # noqa: N802  pydantic's name
    default: Any = PydanticUndefined, *, default_factory: Callable[[], Any] | None = None, **_constraints: Any
) -> Any:
    """The default of a field. Its constraints are in the schema."""
    return FieldInfo(default, default_factory)


class _Fields:
    """`model_fields`, which is read from the annotations at its first use."""

    def __get__(self, instance: object, model: type) -> dict[str, FieldInfo]:
        fields: dict[str, FieldInfo] = {}
        for base in reversed(model.__mro__):
            for name in getattr(base, "__annotations__", ()):
                default = base.__dict__.get(name, PydanticUndefined)
                fields[name] = default if isinstance(default, FieldInfo) else FieldInfo(default)
        model.model_fields = fields  # type: ignore[attr-defined]
        return fields


class BaseModel:
    """A model. The core sets the attributes in `__slots__`."""

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")

    if TYPE_CHECKING:  # annotations that are executed are fields
        __pydantic_validator__: SchemaValidator
        __pydantic_serializer__: SchemaSerializer
        model_fields: dict[str, FieldInfo]

    def __init_subclass__(cls, **_: object) -> None:
        # in each class, since a class would inherit what its base has built
        setattr(cls, "__pydantic_validator__", _Built("__pydantic_validator__", SchemaValidator))  # noqa: B010
        setattr(cls, "__pydantic_serializer__", _Built("__pydantic_serializer__", SchemaSerializer))  # noqa: B010
        setattr(cls, "model_fields", _Fields())  # noqa: B010

    def __init__(self, /, **data: Any) -> None:
        self.__pydantic_validator__.validate_python(data, self_instance=self)

    @classmethod
    def model_rebuild(cls) -> None:
        """Builds the validator now."""
        _ = cls.__pydantic_validator__

    @classmethod
    def model_validate(cls, obj: Any) -> Self:
        """A model of Python values. Raises ValidationError."""
        return cls.__pydantic_validator__.validate_python(obj)  # type: ignore[no-any-return]

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:
        """A model of JSON. Raises ValidationError."""
        return cls.__pydantic_validator__.validate_json(json_data)  # type: ignore[no-any-return]

    @classmethod
    def model_construct(cls, **values: Any) -> Self:
        """A model of these values and the defaults, without validation."""
        defaults = {
            name: field.get_default(call_default_factory=True)
            for name, field in cls.model_fields.items()
            if name not in values
        }
        stated = {name: value for name, value in (defaults | values).items() if value is not PydanticUndefined}
        return _made(cls, {name: stated[name] for name in cls.model_fields if name in stated}, set(values))

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that were set explicitly."""
        return self.__pydantic_fields_set__  # type: ignore[attr-defined, no-any-return]

    def model_copy(self, *, update: dict[str, Any] | None = None) -> Self:
        """A copy with some fields changed, without validation."""
        changes = update or {}
        return _made(type(self), {**self.__dict__, **changes}, {*self.model_fields_set, *changes})

    def model_dump(self, **how: Any) -> dict[str, Any]:
        """The fields by name, with pydantic's options."""
        return self.__pydantic_serializer__.to_python(self, **how)  # type: ignore[no-any-return]

    def model_dump_json(self, **how: Any) -> str:
        """The model as JSON, with pydantic's options."""
        return self.__pydantic_serializer__.to_json(self, **how).decode()

    def __getstate__(self) -> dict[str, Any]:
        return {"__dict__": dict(self.__dict__), "__pydantic_fields_set__": set(self.model_fields_set)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # schemas hold models that pydantic pickled, whose state has these names too
        _fill(self, dict(state["__dict__"]), set(state["__pydantic_fields_set__"]))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash((type(self), tuple(_values(self))))


class RootModel(BaseModel):
    """A model of a single value."""

    __slots__ = ()

    root: Any

    def __init__(self, /, root: Any = PydanticUndefined) -> None:
        self.__pydantic_validator__.validate_python(root, self_instance=self)

    def __class_getitem__(cls, _content: object) -> type["RootModel"]:
        return cls

    @classmethod
    def model_construct(cls, root: Any) -> Self:  # type: ignore[override]
        """A model of this value, without validation."""
        return _made(cls, {"root": root}, {"root"})


def _made(model: type[Model], fields: dict[str, Any], given: set[str]) -> Model:
    instance = model.__new__(model)
    _fill(instance, fields, given)
    return instance


def _fill(model: Any, fields: dict[str, Any], given: set[str]) -> None:
    model.__dict__ = fields
    model.__pydantic_fields_set__ = given
    model.__pydantic_extra__ = model.__pydantic_private__ = None


def _values(model: Any) -> list[Any]:
    """The values of the fields, without the values of cached properties."""
    return [model.__dict__.get(name) for name in model.model_fields]


class _Annotation:
    """A marker in annotations. The schema, which is prebuilt, contains its effect."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __class_getitem__(cls, content: Any) -> Any:
        return content


class AfterValidator(_Annotation):
    """A function that validates the value of a type."""


class BeforeValidator(_Annotation):
    """A function that converts a value before its type is validated."""


class StringConstraints(_Annotation):
    """Constraints of a text."""


class Json(_Annotation):
    """A JSON text that is parsed and validated."""


class AwareDatetime(_Annotation):
    """A time with a time zone."""


def ConfigDict(**options: Any) -> dict[str, Any]:  # noqa: N802  pydantic's name
    """The options of a model, which are in the schema."""
    return options


def model_validator(*, mode: str) -> Callable[[Any], Any]:  # noqa: ARG001  pydantic's signature
    """Returns the function itself: the schema names it."""
    return lambda function: function
