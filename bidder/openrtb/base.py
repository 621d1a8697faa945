"""The base class of OpenRTB objects."""

from pydantic import BaseModel, ConfigDict

MAX_STRING = 8192
"""The most characters of a string. The longest string in the recorded traffic has 547."""


class Object(BaseModel):
    """An OpenRTB object: numbers may come in strings, unknown fields and unknown enum values are ignored.

    An absent field is None, never 0: the standard gives 0 a meaning of its own.
    """

    # Deferred, since only BidRequest is validated on its own and needs a validator at import.
    model_config = ConfigDict(
        defer_build=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
        str_max_length=MAX_STRING,
    )
