"""The field types that OpenRTB objects share.

Real senders put null where the standard has a default or a list: null then means the same as leaving the field out.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

from bidder.countries import alpha_3


@dataclass(frozen=True, slots=True)
class NullIs:
    """Annotates a field whose null reads as `value`, the default that leaving it out gives."""

    value: object

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.read, core_schema.nullable_schema(handler(source)))

    def read(self, given: object) -> object:
        """What a value that was given reads as."""
        return self.value if given is None else given


def _is_there(given: object) -> bool:
    return given is not None


Few = Field(max_length=200)
"""Of lists of objects, which are what takes time to read: more than any real sender lists."""

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
"""The same where an empty one would be taken for a code."""

Country = Annotated[Upper, AfterValidator(alpha_3)]
"""An ISO-3166-1 alpha-3 code. An alpha-2 one, which some senders use, becomes it."""

Currency = Annotated[Code, NullIs("USD")]
"""An ISO-4217 code whose default is USD."""

Taxonomy = Annotated[int, NullIs(1)]
"""A category taxonomy of AdCOM's list; the default is IAB Content Taxonomy 1.0."""

Ints = Annotated[tuple[int, ...], NullIs(())]
Strings = Annotated[tuple[str, ...], NullIs(())]
LowerStrings = Annotated[tuple[Lower, ...], NullIs(())]
Codes = Annotated[tuple[Code, ...], NullIs(())]
"""Lists, empty where absent: OpenRTB gives an absent and an empty list the same meaning."""
