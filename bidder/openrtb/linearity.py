"""AdCOM 1.0, List: Linearity Modes."""

from enum import IntEnum


class Linearity(IntEnum):
    """What `Video.linearity` holds."""

    LINEAR = 1
    NON_LINEAR = 2
