"""Companion ad types (AdCOM 1.0, List: Companion Types)."""

from enum import IntEnum


class CompanionType(IntEnum):
    """The values of `Video.companiontype`."""

    STATIC = 1
    HTML = 2
    IFRAME = 3
