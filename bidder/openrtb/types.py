"""The field types that OpenRTB objects share.

Real senders write null for fields with a default and for lists: null then means the same as an absent field.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticKnownError

from bidder import normal_forms

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidatorFunctionWrapHandler
    from pydantic_core import CoreSchema


class NullIs(NamedTuple):
    """Annotates a field whose null means `value`, the default of the absent field."""

    value: object

    def __get_pydantic_core_schema__(self, source: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.read, core_schema.nullable_schema(handler(source)))

    def read(self, value: object) -> object:
        """The value of the field: the default for null."""
        return self.value if value is None else value


_MAX_CACHED_CHARACTERS = 256
"""The most characters of a list whose normal form is cached."""


class ListOf(NamedTuple):
    """Annotates a list of texts in the normal form of `normalize`, which reads all texts joined by commas.

    A text with commas is read as a list, and null as an empty list. Empty texts and nulls in the list are dropped. An
    empty list is an error if the list is `required`.
    """

    normalize: Callable[[str], tuple[str, ...]]
    required: bool = False

    def __get_pydantic_core_schema__(self, source: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_wrap_validator_function(self.read, handler(source))

    def read(self, value: object, validate: "ValidatorFunctionWrapHandler") -> tuple[str, ...]:
        """The values in their normal form. Raises pydantic's errors."""
        values = self._read(value, validate)
        if self.required and not values:
            raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
        return values

    def _read(self, value: object, validate: "ValidatorFunctionWrapHandler") -> tuple[str, ...]:
        if value is None and not self.required:
            return ()
        if isinstance(value, str):
            return _normalize(self.normalize, value)
        if isinstance(value, list | tuple):
            try:
                return _normalize(self.normalize, ",".join(value))
            except TypeError:  # not all of them are texts
                if isinstance(value, list):
                    value[:] = [text for text in value if text is not None]  # in place: errors name its positions
        return self.normalize(",".join(validate(value)))


def _normalize(normalize: Callable[[str], tuple[str, ...]], text: str) -> tuple[str, ...]:
    return _normalize_short(normalize, text) if len(text) <= _MAX_CACHED_CHARACTERS else normalize(text)


@lru_cache(maxsize=4096)  # measured: exchanges repeat the same few lists
def _normalize_short(normalize: Callable[[str], tuple[str, ...]], text: str) -> tuple[str, ...]:
    return normalize(text)


def _is_present(value: object) -> bool:
    return value is not None


Few = Field(max_length=200)
"""The limit of lists of objects, which are slow to parse. No real sender lists as many."""

Lower = Annotated[str, StringConstraints(to_lower=True, strip_whitespace=True)]
"""A word whose case carries no meaning (a domain, a MIME type), in lower case."""

Upper = Annotated[str, StringConstraints(to_upper=True, strip_whitespace=True)]
"""A code whose case carries no meaning (a currency, a country), in upper case."""

Identifier = Annotated[str, StringConstraints(min_length=1)]
"""A required id. A number becomes its digits."""

Flag = Annotated[int, NullIs(0)]
"""An integer whose default is 0. Fields where 0 and absent differ are `int | None` instead."""

Present = Annotated[bool, BeforeValidator(_is_present)]
"""Whether the object is present, with any content."""

Code = Annotated[Upper, StringConstraints(min_length=1)]
"""A code that must not be empty."""

Country = Annotated[str, AfterValidator(normal_forms.country)]
"""An ISO 3166-1 alpha-3 code. The alpha-2 codes of some senders become alpha-3."""

Currency = Annotated[Code, NullIs("USD")]
"""An ISO-4217 code whose default is USD."""

Taxonomy = Annotated[int, NullIs(1)]
"""A category taxonomy of AdCOM's list; the default is IAB Content Taxonomy 1.0."""

Ints = Annotated[tuple[int, ...], NullIs(())]
"""A list, empty if absent: OpenRTB gives an absent and an empty list the same meaning."""

_Texts = tuple[str, ...]
Strings = Annotated[_Texts, ListOf(normal_forms.texts)]
Domains = Annotated[_Texts, ListOf(normal_forms.domains)]
Categories = Annotated[_Texts, ListOf(normal_forms.categories)]
Bundles = Annotated[_Texts, ListOf(normal_forms.bundles)]
Languages = Annotated[_Texts, ListOf(normal_forms.languages)]
Currencies = Annotated[_Texts, ListOf(normal_forms.currencies)]
Identifiers = Annotated[_Texts, ListOf(normal_forms.identifiers)]
Mimes = Annotated[_Texts, ListOf(normal_forms.mimes)]
RequiredMimes = Annotated[_Texts, ListOf(normal_forms.mimes, required=True)]
"""Lists in the normal form of their kind of value (`bidder.normal_forms`)."""
