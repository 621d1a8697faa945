"""The US Privacy consent string (IAB, version 1): `1YNN` is version, notice, opt-out of sale, LSPA."""

import re

_STRING = re.compile(r"1[YN-]{3}")


def allows(text: str) -> bool:
    """Whether the string can be read and does not opt out of sale."""
    return _STRING.fullmatch(text) is not None and text[2] != "Y"
