"""The field types that OpenRTB objects share.

Real senders put null where the standard has a default or a list: null then means the same as leaving the field out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from bidder import normal_forms


@dataclass(frozen=True, slots=True)
class NullIs:
    """Annotates a field whose null reads as `value`, the default that leaving it out gives."""

    value: object

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.read, core_schema.nullable_schema(handler(source)))

    def read(self, value: object) -> object:
        """The value of the field for a given value."""
        return self.value if value is None else value


_SHORT = 256
"""The most characters of a list whose normal form is cached."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """Annotates a list of texts that `normalize` reads, all of them joined by commas, and null for an empty list.

    So one text may stand for the list, with commas, and empty texts and nulls say nothing: a list of only those is
    empty. It is an error for a list that is `required`.
    """

    normalize: Callable[[str], tuple[str, ...]]
    required: bool = False

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self.read, handler(source))

    def read(self, value: object, validate: ValidatorFunctionWrapHandler) -> tuple[str, ...]:
        """The values in their normal form. Raises pydantic's errors."""
        values = self._read(value, validate)
        if self.required and not values:
            raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
        return values

    def _read(self, value: object, validate: ValidatorFunctionWrapHandler) -> tuple[str, ...]:
        if value is None and not self.required:
            return ()
        if isinstance(value, str):
            return _normalized(self.normalize, value)
        if isinstance(value, list | tuple):
            try:
                return _normalized(self.normalize, ",".join(value))
            except TypeError:  # not all of them are texts
                if isinstance(value, list):
                    value[:] = [text for text in value if text is not None]  # in place: errors name its positions
        return self.normalize(",".join(validate(value)))


def _normalized(normalize: Callable[[str], tuple[str, ...]], text: str) -> tuple[str, ...]:
    return _of_short(normalize, text) if len(text) <= _SHORT else normalize(text)


@lru_cache(maxsize=4096)  # measured: exchanges send the same few lists again and again
def _of_short(normalize: Callable[[str], tuple[str, ...]], text: str) -> tuple[str, ...]:
    return normalize(text)


def _is_there(value: object) -> bool:
    return value is not None


Few = Field(max_length=200)
"""The limit of lists of objects, which are slow to parse. No real sender lists as many."""

Lower = Annotated[str, StringConstraints(to_lower=True, strip_whitespace=True)]
"""A word whose case carries no meaning (a domain, a MIME type), in lower case."""

Upper = Annotated[str, StringConstraints(to_upper=True, strip_whitespace=True)]
"""A code whose case carries no meaning (a currency, a country), in upper case."""

Identifier = Annotated[str, StringConstraints(min_length=1)]
"""A required id. A number is taken as its digits."""

Flag = Annotated[int, NullIs(0)]
"""An integer whose default is 0. Fields where 0 and absent differ are `int | None` instead."""

Present = Annotated[bool, BeforeValidator(_is_there)]
"""Whether there is an object, whatever it holds."""

Code = Annotated[Upper, StringConstraints(min_length=1)]
"""A code that must not be empty."""

Country = Annotated[str, AfterValidator(normal_forms.country)]
"""An ISO-3166-1 alpha-3 code. An alpha-2 one, which some senders use, becomes it."""

Currency = Annotated[Code, NullIs("USD")]
"""An ISO-4217 code whose default is USD."""

Taxonomy = Annotated[int, NullIs(1)]
"""A category taxonomy of AdCOM's list; the default is IAB Content Taxonomy 1.0."""

Ints = Annotated[tuple[int, ...], NullIs(())]
"""A list, empty where absent: OpenRTB gives an absent and an empty list the same meaning."""

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
"""Lists in the normal form of their kind (`bidder.normal_forms`)."""
