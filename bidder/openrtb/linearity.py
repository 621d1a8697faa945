"""Linearity modes (AdCOM 1.0, List: Linearity Modes)."""

from enum import IntEnum


class Linearity(IntEnum):
    """The values of `Video.linearity`."""

    LINEAR = 1
    NON_LINEAR = 2
